#!/usr/bin/env bash
# What can be said of the program without running it.
#
#   tests/proof/static.sh          clang-tidy (.clang-tidy says which checks), cppcheck, gcc -fanalyzer; minutes
#   tests/proof/static.sh TOOL...  these only: tidy, cppcheck, analyzer
#
# What is told stands in FOLDER/static.TOOL; exceptions stand in the code, or in .clang-tidy, each with its reason.
# Ends with a line of figures, and 0 only if there are no findings, and each tool found the mistake of a file that has one.
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

# each COMMAND...: the command for each of the files, on all cores, a file at a time: clang-tidy 14 is wrong about va_list
# otherwise. What it says of a file may be its exit code, too; that it cannot be run is another one.
each() {
    local code=0
    printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 1 "$@" 2>&1 || code=$?
    [ $code -eq 0 ] || [ $code -eq 123 ]
}

# findings TOOL FILE...: one line each
findings() {
    local files=("${@:2}")
    case $1 in
    tidy)
        each clang-tidy --quiet --config-file=.clang-tidy -p "$folder"
        ;;
    cppcheck)
        cppcheck --enable=warning,performance,portability --inline-suppr --library=gnu \
            --library=tests/proof/cppcheck.cfg --std=c11 --quiet -j "$(nproc)" -I. "${files[@]}" 2>&1
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

# count TOOL: of what it told
count() {
    grep -cE ': (warning|(fatal )?error|performance|portability): ' "$folder/static.$1" || true
}

figures='' sum=0
printf 'int wrong(int n)\n{\n\tint *nothing = 0;\n\n\treturn n == n ? *nothing : n;\n}\n' >"$folder/wrong.c"
for tool in "${tools[@]}"; do
    findings "$tool" "$folder/wrong.c" >"$folder/static.$tool" || true
    if [ "$(count "$tool")" -eq 0 ]; then
        echo "static: $tool does not find the mistake in $folder/wrong.c: $(<"$folder/static.$tool")" >&2
        exit 1
    fi
    if ! findings "$tool" "${sources[@]}" >"$folder/static.$tool"; then
        echo "static: $tool failed: $(<"$folder/static.$tool")" >&2
        exit 1
    fi
    n=$(count "$tool")
    [ "$n" -eq 0 ] || cat "$folder/static.$tool" >&2
    figures+=", $tool $n" sum=$((sum + n))
done
echo "static: ${#sources[@]} files; findings:${figures#,}"
[ "$sum" -eq 0 ]
