#!/usr/bin/python3
"""What a link takes in the state, as the file is after a first sync of N users: links.py STATE N"""
import os
import sqlite3
import sys


def bytes_a_link(path, n):
    """(without history and the source's cookie, of the journal, of the whole file)"""
    state = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    links, = state.execute("SELECT count(*) FROM link").fetchone()
    cookie, = state.execute("SELECT sum(length(cookie)) FROM flow").fetchone()
    journal, = state.execute("SELECT sum(pgsize) FROM dbstat WHERE name = 'op'").fetchone()
    state.close()
    assert links == n, f"{links} links, not {n}"
    size = os.path.getsize(path)
    return (size - cookie - journal) / n, journal / n, size / n


if __name__ == "__main__":
    print(f"| {sys.argv[2]} |", " | ".join(f"{x:.1f}" for x in bytes_a_link(sys.argv[1], int(sys.argv[2]))), "|")
