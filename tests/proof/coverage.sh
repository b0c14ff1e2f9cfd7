#!/usr/bin/env bash
# How much of the code the tests reach.
#
# - Of what decides, and what must not be wrong about names, filters and the journal: every branch, by unit tests alone.
# - Of the rest of base/ and rules/, and of the planning part of sync/: at least 95 % of lines, with the flow tests.
# - Where clang-19 and llvm-19 are installed: MC/DC of what decides, too: each condition of a decision decided it
#   once. It is a second measurement by another compiler, and the bar is the same.
#
# Ends with a line of figures, and 0 only if the bars hold. What is not reached is listed before it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/packages.sh
. tests/build.sh

deciding=(sync/{plan,decide,order,guard,limits,kinds,authority,gate,journal,journal_pack,pair,differences,written,undone,reach,trust}.c
    base/{dn,dn_compare,filter,filter_chain,filter_text}.c)
unit='^test_(base|sync)_'

# measure NAME GCOVR-OPTION...: gcovr's figure NAME ("branch", "line") as "covered of total"; what is not reached
# goes to stderr. Of each file that decides there must be one.
measure() {
    local name=$1
    shift
    gcovr --root . --object-directory "$folder" "$folder" --exclude-throw-branches \
        --json-summary "$folder/summary.json" --txt "$folder/report" "$@" >/dev/null
    # shellcheck disable=SC2016 # the backquotes are Python's business
    /usr/bin/python3 - "$folder" "$name" "${deciding[@]}" <<'PYTHON'
import json, sys
folder, name, *deciding = sys.argv[1:]
f = json.load(open(f"{folder}/summary.json"))
lacking = set(deciding) - {file["filename"] for file in f["files"] if file["line_total"]}
if lacking:
    sys.exit(f"coverage: nothing is known of {' '.join(sorted(lacking))}")
covered, total = f[f"{name}_covered"], f[f"{name}_total"]
if covered < total and name == "branch":
    sys.stderr.write(open(f"{folder}/report").read())
print(f"{covered} {total}")
PYTHON
}

packages_install build test ci
build coverage -DGALWAY_TESTS=ON
folder=$(build_folder coverage)
find "$folder" -name '*.gcda' -delete
ctest --test-dir "$folder" -R "$unit" -j "$(nproc)" --output-on-failure --quiet --no-tests=error
filters=()
for file in "${deciding[@]}"; do
    filters+=(--filter "${file//./\\.}\$")
done
figures=$(measure branch --branches "${filters[@]}")
read -r taken branches <<<"$figures"
ctest --test-dir "$folder" -R '^(test_|flows)' -E "$unit" -j "$(nproc)" --output-on-failure --quiet --no-tests=error
figures=$(measure line --filter base/ --filter rules/ "${filters[@]}")
read -r reached lines <<<"$figures"

mcdc='MC/DC not measured (clang-19 is not there)' by_clang=0
if command -v clang-19 llvm-cov-19 llvm-profdata-19 >/dev/null; then
    programs=()
    for file in tests/test_{base,sync}_*.c; do
        programs+=("$(basename "$file" .c)")
    done
    build mcdc -DGALWAY_TESTS=ON -- --target "${programs[@]}"
    folder=$(build_folder mcdc)
    rm -rf "$folder/profile"
    LLVM_PROFILE_FILE="$folder/profile/%m-%p" ctest --test-dir "$folder" -R "$unit" -j "$(nproc)" \
        --output-on-failure --quiet --no-tests=error
    mcdc=$(/usr/bin/python3 tests/proof/mcdc.py "$folder" "${deciding[@]}") || by_clang=1
fi
echo "coverage: $taken of $branches branches of what decides; $mcdc; $((reached * 1000 / lines / 10)).$((reached * 1000 / lines % 10)) % of $lines lines"
[ "$taken" -eq "$branches" ] && [ $((reached * 100)) -ge $((lines * 95)) ] && [ $by_clang -eq 0 ]
