#!/usr/bin/python3
"""python-ldap in the access pattern of LSC 2 (lsc-project.org), with its five threads: a list of all pivots of the
source, for each a search of the source and one of the target; then, to find what has to go, a list of all pivots of
the target, and for each a search of the source."""
import concurrent.futures
import threading

import ldap

import job
import stream

THREADS = 5
mine = threading.local()


def link(url):
    """This thread's connection to the URL."""
    if not hasattr(mine, "links"):
        mine.links = {}
    if url not in mine.links:
        mine.links[url] = stream.connect(url)
    return mine.links[url]


def one(url, base, pivot, attributes):
    return job.found(link(url).search_s(base, ldap.SCOPE_SUBTREE, f"({job.PIVOT}={job.escaped(pivot)})", attributes))


def pivots(url, base, filter):
    return [e[job.PIVOT][0] for _, e in stream.entries(stream.connect(url), base, filter, [job.PIVOT])]


def main():
    source, source_base, target, target_base = job.arguments()

    def synchronize(pivot):
        user = one(source, source_base, pivot, job.SOURCE_ATTRIBUTES)
        return job.differs(user, one(target, target_base, pivot, job.TARGET_ATTRIBUTES))

    def clean(pivot):
        return int(one(source, source_base, pivot, [job.PIVOT]) is None)

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        differences = sum(pool.map(synchronize, pivots(source, source_base, job.SOURCE_FILTER)))
        differences += sum(pool.map(clean, pivots(target, target_base, job.TARGET_FILTER)))
    print(differences)


main()
