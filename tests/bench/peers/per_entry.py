#!/usr/bin/python3
"""python-ldap, the source read in pages, and one search of the target for each user: what most scripts do."""
import ldap

import job
import stream


def main():
    source, source_base, target, target_base = job.arguments()
    contacts = stream.connect(target)
    differences = 0
    for _, user in stream.entries(stream.connect(source), source_base, job.SOURCE_FILTER, job.SOURCE_ATTRIBUTES):
        filter = f"({job.PIVOT}={job.escaped(user[job.PIVOT][0])})"
        differences += job.differs(user, job.found(contacts.search_s(target_base, ldap.SCOPE_SUBTREE, filter,
                                                                     job.TARGET_ATTRIBUTES)))
    print(differences)


main()
