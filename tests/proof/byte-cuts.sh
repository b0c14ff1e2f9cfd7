#!/bin/bash
# What the servers say, and the files that galway reads, cut behind each byte: tests/rogue/cuts.py has the scenarios.
#
#   tests/proof/byte-cuts.sh              20,000 cuts
#   tests/proof/byte-cuts.sh N            N or some more, spread over all scenarios
#   tests/proof/byte-cuts.sh --every 1    all there are; with names of scenarios behind it, those
#
# Ends with a line of figures, and with 0 only if nothing was wrong and as many were made. GALWAY is the program; without,
# that of build/debug.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# What is durable is not what is looked at here.
[ -n "${TMPDIR-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
case ${1:-20000} in
[0-9]*) set -- --cuts "${1:-20000}" ;;
esac
exec /usr/bin/python3 "$here/../rogue/cuts.py" "${GALWAY:-$here/../../build/debug/galway}" "$@"
