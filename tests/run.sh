#!/usr/bin/env bash
# Every test: tests/run.sh; those whose names match: tests/run.sh NAME (a regular expression).
#
# Installs what lacks, builds, runs. PRESET=debug|release|sanitize|thread|clang|coverage chooses the build. LONG=ON: more
# of what could go on for hours (the table is in tests/CMakeLists.txt). NO_SKIPS=ON: what is skipped fails, but for the
# reasons of tests/skips.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/packages.sh
. tests/build.sh

preset=${PRESET:-debug}
lists=(build test)
[ "$preset" != clang ] || lists+=(ci)
packages_install "${lists[@]}"
build "$preset" -DGALWAY_TESTS=ON "-DGALWAY_LONG=${LONG:-OFF}"

folder=$(build_folder "$preset")
select=()
[ "${LONG:-OFF}" != ON ] || select+=(--timeout 20000)
[ $# -eq 0 ] || select+=(-R "$1")
code=0
rm -f "$folder/tests.xml"
# Two places a core: tests/CMakeLists.txt says who takes how many.
ctest --test-dir "$folder" -j "$((2 * $(nproc)))" --output-on-failure --no-tests=error \
    --output-junit "$folder/tests.xml" "${select[@]}" || code=$?

# count WHAT: from <testsuite ... tests="9" failures="1" disabled="0" skipped="1" ...>, one a line
count() {
    [ ! -e "$folder/tests.xml" ] ||
        sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p; /<testcase/q" "$folder/tests.xml"
}
tests=$(count tests) failed=$(count failures) skipped=$(count skipped)
[ "${skipped:-0}" -eq 0 ] || echo "$skipped skipped: what they need is not there"
if [ "${NO_SKIPS:-OFF}" = ON ]; then
    /usr/bin/python3 tests/skips.py "$folder/tests.xml" || code=1
fi
echo "$((${tests:-0} - ${failed:-0} - ${skipped:-0})) passed, ${failed:-0} failed"
exit "$code"
