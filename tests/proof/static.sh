#!/usr/bin/env bash
# What can be said of the program without running it.
#
#   tests/proof/static.sh          clang-tidy (.clang-tidy says which checks), cppcheck, gcc -fanalyzer; minutes
#   tests/proof/static.sh TOOL...  these only: tidy, cppcheck, analyzer
#
# What is told stands in FOLDER/static.TOOL; exceptions stand in the code, or in .clang-tidy, each with its reason.
# Ends with a line of figures, and 0 only if there are no findings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/packages.sh
. tests/build.sh

tools=("$@")
[ $# -gt 0 ] || tools=(tidy cppcheck analyzer)
lists=(build ci)
[[ " ${tools[*]} " != *" tidy "* ]] || lists+=(tidy)
packages_install "${lists[@]}"
folder=$(build_folder debug)
cmake --preset debug -B "$folder" -DGALWAY_TESTS=OFF >/dev/null
sources=({base,connectors,rules,sync}/*.c)

# each COMMAND...: the command for each file, on all cores, a file at a time: clang-tidy 14 is wrong about va_list otherwise
each() {
    printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -n 1 "$@" 2>&1 || true
}

# findings TOOL: one line each
findings() {
    case $1 in
    tidy)
        each clang-tidy --quiet -p "$folder"
        ;;
    cppcheck)
        cppcheck --enable=warning,performance,portability --inline-suppr --library=gnu \
            --library=tests/proof/cppcheck.cfg --std=c11 --quiet -j "$(nproc)" -I. base connectors rules sync 2>&1
        ;;
    analyzer)
        # shellcheck disable=SC2046 # several words
        each gcc -fanalyzer -std=c17 -D_GNU_SOURCE -DGALWAY_VERSION='""' -I. $(pkg-config --cflags libxml-2.0) -o /dev/null -c
        ;;
    *)
        echo "no such tool: $1" >&2
        exit 2
        ;;
    esac
}

figures='' sum=0
for tool in "${tools[@]}"; do
    findings "$tool" >"$folder/static.$tool"
    n=$(grep -cE ': (warning|(fatal )?error|performance|portability): ' "$folder/static.$tool") || true
    [ "$n" -eq 0 ] || cat "$folder/static.$tool" >&2
    figures+=", $tool $n" sum=$((sum + n))
done
echo "static: ${#sources[@]} files; findings:${figures#,}"
[ "$sum" -eq 0 ]
