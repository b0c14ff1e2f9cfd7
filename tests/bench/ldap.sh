#!/usr/bin/env bash
# What a sync between two servers costs: tests/bench/ldap.sh [--n 10000,100000] [--million] [--rounds 5] [--write]
#
# slapd to slapd on this machine, everything in one run and in interleaved rounds, so that ratios hold: galway
# (first sync, full run with nothing to do, deltas), ldapsearch, ldapadd and ldapmodify doing the least that one can,
# and scripts that do the same job (peers/). Prints what was measured, then the ratios beside their targets; --write
# puts both into docs/performance.md, between its markers. --million adds 1,000,000 users: some 12 GiB in $TMPDIR.
# servers.py measures; whole processes, by measure.c. --help has the other options.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/packages.sh
. tests/build.sh

export BENCH_COMMAND="tests/bench/ldap.sh${*:+ $*}"
packages_install build test bench
programs=(galway bench_generate bench_measure bench_delay bench_adds)
build release -DGALWAY_TESTS=ON -- --target "${programs[@]}"
folder=$(build_folder release)
exec /usr/bin/python3 tests/bench/servers.py --galway "$folder/galway" --generate "$folder/tests/bench_generate" \
    --measure "$folder/tests/bench_measure" --delay "$folder/tests/bench_delay" \
    --adds "$folder/tests/bench_adds" "$@"
