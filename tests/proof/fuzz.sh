#!/usr/bin/env bash
# Each fuzz target, one for every parser of bytes that are not ours, for some seconds: tests/proof/fuzz.sh [SECONDS]
# [TARGET...]. What is found stays in build/fuzz/found. Ends with a line of figures, and with 0 only if nothing was.
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

# New inputs go to grown/, the corpus of the checkout is only read.
one() {
    local name=$1 log="$2/$1.log"
    mkdir -p "$2/grown/$name"
    if "$2/tests/$name" -max_total_time="$3" -timeout=10 -rss_limit_mb=1024 \
        -artifact_prefix="$2/found/$name-" \
        "$2/grown/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
        echo "$name: $(sed -n 's/^Done \(.*\)/\1/p' "$log")"
    else
        cat "$log" >&2
        echo "$name: failed" >&2
        return 1
    fi
}
export -f one
began=$SECONDS failed=0
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I {} bash -c 'one "$@"' one {} "$folder" "$seconds" |
    tee "$folder/figures" || failed=1
awk -v targets="${#names[@]}" -v seconds=$((SECONDS - began)) -v failed="$failed" '{ runs += $2 }
    END { printf "fuzz: %d of %d targets found nothing, %d runs, %d s\n", NR, targets, runs, seconds
          exit failed || NR != targets }' "$folder/figures"
