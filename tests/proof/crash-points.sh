#!/usr/bin/env bash
# Crash points: runs are interrupted at every write, sync and send, in every way there is, on real slapd and SQLite;
# each must recover in one further run.
#
#   tests/proof/crash-points.sh            10,000 points
#   tests/proof/crash-points.sh N          N; of more than there are, the rest are interrupted twice
#   tests/proof/crash-points.sh OPTIONS    see tests/proof/crash.py: "SCENARIO:CALL:MODE" tries one point again
#
# Ends with a line of figures, and 0 only if all were reached, and recovered. PRESET (release) chooses the build. The program
# is galway_few, for which a few people are several batches (tests/CMakeLists.txt).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/build.sh

preset=${PRESET:-release}
build "$preset" -DGALWAY_TESTS=ON -- --target galway_few killer
folder=$(build_folder "$preset")/tests
case ${1-} in
'') set -- --points 10000 ;;
[0-9]*) set -- --points "$1" ;;
esac
exec /usr/bin/python3 tests/proof/crash.py "$folder/galway_few" --killer "$folder/libkiller.so" "$@"
