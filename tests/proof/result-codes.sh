#!/bin/bash
# Every result code of LDAP, given by slapd's retcode overlay at every place where one can come:
#
#   tests/proof/result-codes.sh               all
#   tests/proof/result-codes.sh --every N     each N-th code, and those after which a later run may succeed
#
# The overlay cannot say "referral": the rogue server does, at each of these places.
# Prints the matrix, ends with a line of figures, and with 0 only if every cell holds. GALWAY is the program; without,
# that of build/debug.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
galway=${GALWAY:-$here/../../build/debug/galway}
/usr/bin/python3 "$here/../rogue/run.py" "$galway" referral noSuchObject
/usr/bin/python3 "$here/result_codes.py" "$galway" "$@"
