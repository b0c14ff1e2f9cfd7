#!/usr/bin/env bash
# What a sync costs: tests/bench/run.sh [--write] [N...]     (10000 100000 1000000)
#
# For each N, whole processes, wall time, user+system CPU and peak memory of
#     first   the first sync: N invented users become N contacts, LDIF to LDIF
#     full    a full run with nothing to do
#     parse   our LDIF parser alone, reading both files
# Each round runs the three one after the other, so that a noisy machine hurts them alike; the table has
# medians of 5 rounds (3 from 1,000,000). A second table has the bytes of the state by the link, after the
# first sync, with and without its journal and the source's cookie. Ends with 1 when a bar is missed. --write puts the table into
# docs/performance.md, between its markers. About 2 GiB for 1,000,000 in $TMPDIR.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/packages.sh
. tests/build.sh

# The bars: peak MiB up to 100,000 users and above, and the CPU of full by that of parse. Beside them, a user
# may cost log N / log of the smallest N times what he costs at the smallest N: time grows as N log N.
# And a link may take so many bytes of the state, at 100,000 and more.
readonly small_memory=32 large_memory=96 max_ratio=1.5 max_link=150

write=no
if [ "${1:-}" = --write ]; then
    write=yes
    shift
fi
command="tests/bench/run.sh${*:+ $*}"
[ $# -gt 0 ] || set -- 10000 100000 1000000

packages_install build test bench
build release -DGALWAY_TESTS=ON -- --target galway bench_generate bench_ldif_parse
folder=$(build_folder release)
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

configuration() {
    cat <<'END'
state = "state.db"
connector abc {
    type = ldif
    file = "abc.ldif"
    smtp-domains = {"abc.example"}
    sip-domains = {"abc.example"}
}
connector xyz {
    type = ldif
    file = "xyz.ldif"
}
flow abc-to-xyz {
    source = abc
    target = xyz
    rules = galsync
    into = "OU=GAL,DC=xyz,DC=example"
}
END
}

empty_target() {
    cat <<'END'
version: 1

dn: DC=xyz,DC=example
objectClass: top
objectClass: domainDNS
objectGUID:: AAECAwQFBgcICQoLDA0ODw==

dn: OU=GAL,DC=xyz,DC=example
objectClass: top
objectClass: organizationalUnit
ou: GAL
objectGUID:: EBESExQVFhcYGRobHB0eHw==
END
}

TIMEFORMAT='%3R %3U %3S'
# measure N WHAT COMMAND...: a line "N WHAT wall cpu MiB" in rounds; the command must succeed
measure() {
    local n=$1 what=$2 code=0
    shift 2
    { time /usr/bin/time -q -f %M -o "$work/peak" "$@" >"$work/out" 2>&1 || code=$?; } 2>"$work/clock"
    if [ "$code" -ne 0 ]; then
        tail -n 20 "$work/out" >&2
        echo "bench: $* ended with $code" >&2
        exit 1
    fi
    paste -d ' ' "$work/clock" "$work/peak" |
        awk -v n="$n" -v what="$what" '{ print n, what, $1, $2 + $3, $4 / 1024 }' >>"$work/rounds"
}

# expect N: the target must hold the N contacts and the two entries it began with
expect() {
    local n
    n=$(grep -c '^dn:' "$work/xyz.ldif")
    if [ "$n" -ne $(($1 + 2)) ]; then
        echo "bench: $n entries in the target, not $(($1 + 2))" >&2
        exit 1
    fi
}

for n in "$@"; do
    configuration >"$work/galway.conf"
    "$folder/tests/bench_generate" "$n" >"$work/abc.ldif"
    rounds=5
    [ "$n" -lt 1000000 ] || rounds=3
    for ((round = 1; round <= rounds; round++)); do
        echo "$n users, round $round of $rounds" >&2
        rm -f "$work"/state.db*
        empty_target >"$work/xyz.ldif"
        measure "$n" first "$folder/galway" -c "$work/galway.conf" sync
        expect "$n"
        [ "$round" -gt 1 ] || /usr/bin/python3 tests/bench/links.py "$work/state.db" "$n" >>"$work/links"
        measure "$n" full "$folder/galway" -c "$work/galway.conf" sync --full
        measure "$n" parse "$folder/tests/bench_ldif_parse" "$work/abc.ldif" "$work/xyz.ldif"
    done
done

# table: the medians of rounds, as Markdown
table() {
    sort -k1,1n -k2,2 "$work/rounds" | awk '
        function median(values, n, sorted, i, j, x) {
            n = split(values, sorted, " ")
            for (i = 2; i <= n; i++) {
                x = sorted[i] + 0
                for (j = i - 1; j > 0 && sorted[j] + 0 > x; j--)
                    sorted[j + 1] = sorted[j]
                sorted[j + 1] = x
            }
            return sorted[int((n + 1) / 2)] + 0
        }
        {
            if (!($1 in seen)) { seen[$1] = 1; size[++sizes] = $1 }
            wall[$1, $2] = wall[$1, $2] " " $3
            cpu[$1, $2] = cpu[$1, $2] " " $4
            memory[$1, $2] = memory[$1, $2] " " $5
        }
        END {
            label["first"] = "first sync"
            label["full"] = "full run, nothing to do"
            label["parse"] = "our LDIF parser, both files"
            print "| users | what | wall s | CPU s | peak MiB | wall µs a user | CPU to parser |"
            print "|---:|---|---:|---:|---:|---:|---:|"
            kinds = split("first full parse", what, " ")
            for (s = 1; s <= sizes; s++) {
                n = size[s]
                base = median(cpu[n, "parse"])
                for (i = 1; i <= kinds; i++) {
                    c = median(cpu[n, what[i]])
                    t = median(wall[n, what[i]])
                    printf "| %d | %s | %.2f | %.2f | %.1f | %.2f | %s |\n", n, label[what[i]], t, c,
                        median(memory[n, what[i]]), t / n * 1e6,
                        (base > 0 ? sprintf("%.2f", c / base) : "-")
                }
            }
        }'
}

links_table() {
    echo "| users | bytes of the state a link | of the journal, an add | with these and the source's cookie |"
    echo "|---:|---:|---:|---:|"
    cat "$work/links"
}

# bars TABLE: each missed bar as a line on stderr; false when there is one
bars() {
    awk -F ' *[|] *' -v ratio="$max_ratio" -v small="$small_memory" -v large="$large_memory" '
        function miss(what) { print "missed: " what > "/dev/stderr"; missed = 1 }
        $2 !~ /^[0-9]+$/ || $3 ~ /parser/ { next }
        {
            n = $2
            limit = n <= 100000 ? small : large
            if ($6 > limit)
                miss(sprintf("%s at %d: %s MiB, more than %d", $3, n, $6, limit))
            if ($3 ~ /^full/ && n == 100000 && $8 > ratio)
                miss(sprintf("%s at %d: %s times the CPU of the parser, more than %s", $3, n, $8, ratio))
            # CPU time: the wall clock also tells how busy the disk is
            if (!($3 in each)) { each[$3] = $5 / n; smallest[$3] = n }
            growth = each[$3] > 0 ? $5 / n / each[$3] : 0
            if (growth > log(n) / log(smallest[$3]) * 1.05)
                miss(sprintf("%s at %d: an object costs %.2f times the CPU it does at %d", $3, n, growth,
                    smallest[$3]))
        }
        END { exit missed }' "$1"
}

# link_bars: the same of the state
link_bars() {
    awk -F ' *[|] *' -v limit="$max_link" '
        $2 >= 100000 && $3 > limit {
            print "missed: a link takes " $3 " bytes at " $2 ", more than " limit > "/dev/stderr"
            missed = 1
        }
        END { exit missed }' "$work/links"
}

table >"$work/table"
{
    cat "$work/table"
    echo
    links_table
} | tee "$work/tables"

if [ "$write" = yes ]; then
    page=docs/performance.md
    [ -e "$page" ] || printf '# Performance\n\n<!-- bench:begin -->\n<!-- bench:end -->\n' >"$page"
    {
        # shellcheck disable=SC2016 # the fence is Markdown's
        printf 'Made by `%s` on %s with %s cores, medians of whole processes:\n\n' "$command" \
            "$(. /etc/os-release && echo "$PRETTY_NAME")" "$(nproc)"
        cat "$work/tables"
    } >"$work/section"
    awk -v section="$work/section" '
        /<!-- bench:end -->/ { inside = 0 }
        !inside
        /<!-- bench:begin -->/ { inside = 1; while ((getline line < section) > 0) print line }
        ' "$page" >"$work/page"
    cat "$work/page" >"$page"
fi
missed=0
bars "$work/table" || missed=1
link_bars || missed=1
exit "$missed"
