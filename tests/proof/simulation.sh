#!/usr/bin/env bash
# The simulation: galway's planner, guard, apply and state in one process, on directories in memory, with every
# fault there is a name for; what must hold is looked at after each sync.
#
#   tests/proof/simulation.sh          what fits into 3 minutes
#   tests/proof/simulation.sh N        N syncs, on all cores
#   tests/proof/simulation.sh OPTIONS  see tests/proof/simulation.c: "--seed S" tells one history again
#
# Ends with a line of figures, and 0 only if nothing was wrong. PRESET (release) chooses the build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/build.sh

preset=${PRESET:-release}
build "$preset" -DGALWAY_TESTS=ON -- --target simulation
program=$(build_folder "$preset")/tests/simulation
case ${1-} in
'') exec "$program" --jobs "$(nproc)" --seconds 175 ;;
[0-9]*) exec "$program" --jobs "$(nproc)" --syncs "$1" ;;
*) exec "$program" "$@" ;;
esac
