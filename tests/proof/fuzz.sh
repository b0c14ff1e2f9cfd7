#!/usr/bin/env bash
# Each fuzz target, one for every parser of bytes that are not ours, for some seconds: tests/proof/fuzz.sh [SECONDS|ci]
# [TARGET...]. "ci": as many inputs as tests/fuzz/runs says, the same ones each time (as good as: a server, a folder of a random
# name or a library's own dice have a part in a few), so that CI says the same of a tree wherever it runs; with seconds they
# are new ones each time, and those that are worth it are kept for the next.
# What is found stays in build/fuzz/found. Ends with a line of figures, and with 0 only if nothing was.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/packages.sh
. tests/build.sh

seconds=${1:-20}
names=("${@:2}")
if [ ${#names[@]} -eq 0 ]; then
    for source in tests/fuzz/fuzz_*.c; do
        names+=("$(basename "$source" .c)")
    done
fi
packages_install build test ci
# Without NDEBUG: the properties that a target checks are asserts.
build fuzz -DGALWAY_TESTS=ON "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O2 -g" -- --target "${names[@]}"
folder=$(build_folder fuzz)
mkdir -p "$folder/found" "$folder/grown"

# one TARGET FOLDER SECONDS|ci. New inputs go to grown/ (of "ci" to a folder that is new), the corpus of the checkout is only
# read.
one() {
    [ -d "tests/fuzz/corpus/$1" ] || { echo "$1: there is no tests/fuzz/corpus/$1" >&2; return 1; }
    local name=$1 log="$2/$1.log" grown="$2/grown/$1" begins="tests/fuzz/corpus/$1" much=("-max_total_time=$3") fixed=() found runs
    if [ "$3" = ci ]; then
        runs=$(awk -v name="$name" '$1 == name { print $2 }' tests/fuzz/runs)
        [ -n "$runs" ] || { echo "$name: not in tests/fuzz/runs" >&2; return 1; }
        grown=$2/same/$name
        rm -rf "$grown" "$2/found/$name-"*
        # libFuzzer's choices depend on where the program lies in memory, and on the order of what it begins with.
        if setarch -R true 2>/dev/null; then
            fixed=(setarch -R)
        else
            echo "$name: addresses cannot be fixed here: other inputs than on other machines" >&2
        fi
        begins=$(printf ',%s' "$begins"/*)
        much=(-seed=1 "-runs=$runs")
        begins=-seed_inputs=${begins#,}
    fi
    mkdir -p "$grown"
    if "${fixed[@]}" "$2/tests/$name" "${much[@]}" -timeout=10 -rss_limit_mb=1024 -artifact_prefix="$2/found/$name-" \
        "$grown" "$begins" >"$log" 2>&1; then
        echo "$name: $(sed -n 's/^Done \(.*\)/\1/p' "$log")"
    else
        cat "$log" >&2
        for found in "$2/found/$name-"*; do
            [ ! -f "$found" ] || { echo "$found, base64:" && base64 "$found"; } >&2
        done
        echo "$name: failed" >&2
        return 1
    fi
}
export -f one
began=$SECONDS failed=0
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I {} bash -c 'one "$@"' one {} "$folder" "$seconds" |
    tee "$folder/figures" || failed=1
awk -v targets="${#names[@]}" -v seconds=$((SECONDS - began)) -v failed="$failed" '{ runs += $2; ran += $2 > 0 }
    END { printf "fuzz: %d of %d targets found nothing, %d runs, %d s\n", ran, targets, runs, seconds
          exit failed || ran != targets }' "$folder/figures"
