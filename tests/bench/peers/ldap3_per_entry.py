#!/usr/bin/python3
"""ldap3, which is Python alone: the source read in pages, and one search of the target for each user."""
import ldap3

import job


def connect(url):
    return ldap3.Connection(ldap3.Server(url, get_info=ldap3.NONE), auto_bind=True, read_only=True)


def main():
    source, source_base, target, target_base = job.arguments()
    contacts = connect(target)
    users = connect(source).extend.standard.paged_search(
        source_base, job.SOURCE_FILTER, attributes=job.SOURCE_ATTRIBUTES, paged_size=1000, generator=True)
    differences = 0
    for user in users:
        filter = f"({job.PIVOT}={job.escaped(user['raw_attributes'][job.PIVOT][0])})"
        contacts.search(target_base, filter, attributes=job.TARGET_ATTRIBUTES)
        contact = contacts.response[0]["raw_attributes"] if len(contacts.response) == 1 else None
        differences += job.differs(user["raw_attributes"], contact)
    print(differences)


main()
