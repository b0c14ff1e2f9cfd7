#!/usr/bin/env bash
# Are the tests worth anything? Each guard of galway is taken out once, and something must notice.
#
#   tests/proof/sabotage.sh            all of the list in tests/proof/sabotages.py
#   tests/proof/sabotage.sh N          N of them, spread over the list; others of each commit, and it says which
#   tests/proof/sabotage.sh NAME...    those whose names have it in them
#   tests/proof/sabotage.sh --table    the table of docs/reliability.md
#
# The sources are built in a folder of their own. Ends with a line of figures, and 0 only if every one was found.
set -euo pipefail
exec /usr/bin/python3 "$(dirname "${BASH_SOURCE[0]}")/sabotage.py" "$@"
