"""The tables of servers.py: what was measured, and how that compares with the targets."""
import collections
import statistics

Result = collections.namedtuple("Result", "wall cpu servers peak operations")  # s, s, s, MiB
ANY = 0  # a limit for every number of users

# What is measured, in the order of the table.
LABELS = {
    "ldapsearch": "`ldapsearch` of the source",
    "ldapsearch paged": "the same, in pages of 1,000",
    "full": "**full run, nothing to do**, both sides read",
    "bulk": "python-ldap, both sides in bulk",
    "per_entry": "python-ldap, one search per entry",
    "lsc": "python-ldap in LSC's pattern, 5 threads",
    "ldap3_per_entry": "ldap3, one search per entry",
    "ldapadd": "`ldapadd` of the contacts",
    "adds": "bare adds in a window of 96",
    "first sync": "**first sync**",
    "ldapadd, fsync": "`ldapadd`, each write synced",
    "adds, fsync": "bare adds, each write synced",
    "first sync, fsync": "**first sync**, each write synced",
    "ldapadd, 1 ms": "`ldapadd`, round trip 1 ms",
    "adds, 1 ms": "bare adds, round trip 1 ms",
    "first sync, 1 ms": "**first sync**, round trip 1 ms",
    "ldapadd, 5 ms": "`ldapadd`, round trip 5 ms",
    "adds, 5 ms": "bare adds, round trip 5 ms",
    "first sync, 5 ms": "**first sync**, round trip 5 ms",
    "full after first": "**full run** after the first sync",
    "root DSE": "`ldapsearch` of the root DSE",
    "delta 0": "**delta, nothing changed**",
    "ldapmodify": "`ldapmodify`, 100 writes",
    "delta 100": "**delta, 100 changes**",
}

# What of galway's, by what, in which figure, {users: at most}.
RATIOS = [
    ("full", "ldapsearch", "wall", {100000: 1.5, 1000000: 1.1}),
    ("full", "ldapsearch", "cpu", {100000: 1.5, 1000000: 1.5}),
    ("first sync", "ldapadd", "wall", {100000: 0.5}),
    ("adds", "ldapadd", "wall", {}),
    ("first sync, fsync", "ldapadd, fsync", "wall", {10000: 0.8}),
    ("adds, fsync", "ldapadd, fsync", "wall", {}),
    ("first sync, 1 ms", "ldapadd, 1 ms", "wall", {100000: 0.1}),
    ("adds, 1 ms", "ldapadd, 1 ms", "wall", {}),
    ("first sync, 5 ms", "ldapadd, 5 ms", "wall", {100000: 0.02}),
    ("adds, 5 ms", "ldapadd, 5 ms", "wall", {}),
    ("delta 100", "ldapmodify", "wall", {ANY: 1.5}),
    ("full", "bulk", "wall", {100000: 1 / 10}),
    ("full", "per_entry", "wall", {100000: 1 / 25}),
    ("full", "lsc", "wall", {100000: 1 / 30}),
    ("full", "ldap3_per_entry", "wall", {100000: 1 / 100}),
]
DELTA_OVER_ROOT = 0.010  # s
DELTA_BY_DELTA = 1.2     # at the largest by the smallest number of users
PEAK = {100000: 32, 1000000: 96}
BYTES_A_LINK = 150


def middle(results, figure):
    return statistics.median(getattr(r, figure) for r in results)


def ratio(of, by, figure):
    """The median of the rounds' ratios, for what hurts a round hurts both; of medians where the rounds differ."""
    if len(of) != len(by):
        return middle(of, figure) / max(middle(by, figure), 1e-6)
    return statistics.median(getattr(a, figure) / max(getattr(b, figure), 1e-6) for a, b in zip(of, by))


def number(x):
    """Three digits that mean something."""
    return f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}" if x >= 0.1 else f"{x:.4f}"


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def verdict(value, limit):
    if limit is None:
        return ["-", "-"]
    return [number(limit), "met" if value <= limit else "**missed**"]


def measured(results, sizes):
    yield row("users", "what", "wall s", "client CPU s", "servers' CPU s", "peak MiB", "operations/s", "rounds")
    yield "|---:|---|---:|---:|---:|---:|---:|---:|"
    for n in sizes:
        for what, label in LABELS.items():
            if (n, what) not in results:
                continue
            r = results[n, what]
            operations = middle(r, "operations")
            yield row(f"{n}", label, *(number(middle(r, f)) for f in ("wall", "cpu", "servers")),
                      f"{middle(r, 'peak'):.1f}", f"{operations / middle(r, 'wall'):.0f}" if operations else "-",
                      f"{len(r)}")


def compared(results, links, sizes):
    yield row("what", "users", "is", "at most", "")
    yield "|---|---:|---:|---:|---|"
    for of, by, figure, limits in RATIOS:
        for n in sizes:
            if (n, of) in results and (n, by) in results:
                is_ = ratio(results[n, of], results[n, by], figure)
                yield row(f"{'client CPU' if figure == 'cpu' else 'wall'}: {LABELS[of]} / {LABELS[by]}", f"{n}",
                          number(is_), *verdict(is_, limits.get(n, limits.get(ANY))))
    for n in sizes:
        over = middle(results[n, "delta 0"], "wall") - middle(results[n, "root DSE"], "wall")
        yield row("delta, nothing changed, over a search of the root DSE, s", f"{n}", number(over),
                  *verdict(over, DELTA_OVER_ROOT))
    for n in sizes[1:]:
        is_ = middle(results[n, "delta 100"], "wall") / middle(results[sizes[0], "delta 100"], "wall")
        yield row(f"delta, 100 changes, by the same at {sizes[0]}", f"{n}", number(is_), *verdict(is_, DELTA_BY_DELTA))
    for n in sizes:
        peak, what = max((middle(r, "peak"), what) for (m, what), r in results.items()
                         if m == n and what.startswith(("full", "first sync", "delta")))
        yield row(f"peak memory of galway, MiB ({what})", f"{n}", number(peak), *verdict(peak, PEAK.get(n)))
    for n in sizes:
        yield row("state, bytes a link, without history", f"{n}", number(links[n]),
                  *verdict(links[n], BYTES_A_LINK if n >= 100000 else None))


def text(results, links, sizes):
    return "\n".join([*measured(results, sizes), "", *compared(results, links, sizes)]) + "\n"


def write(page, section):
    """Puts the section between its markers."""
    begin, end = "<!-- ldap:begin -->\n", "<!-- ldap:end -->\n"
    before, rest = page.read_text().split(begin)
    page.write_text(before + begin + section + end + rest.split(end)[1])
