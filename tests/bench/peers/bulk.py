#!/usr/bin/python3
"""python-ldap, both sides read whole into dictionaries: the best that a script can do without a memory of its own."""
import job
import stream


def main():
    source, source_base, target, target_base = job.arguments()
    users = {u[job.PIVOT][0]: u for _, u in stream.entries(stream.connect(source), source_base, job.SOURCE_FILTER,
                                                           job.SOURCE_ATTRIBUTES)}
    contacts = {c[job.PIVOT][0]: c for _, c in stream.entries(stream.connect(target), target_base, job.TARGET_FILTER,
                                                              job.TARGET_ATTRIBUTES)}
    print(sum(job.differs(user, contacts.get(pivot)) for pivot, user in users.items())
          + len(contacts.keys() - users.keys()))


main()
