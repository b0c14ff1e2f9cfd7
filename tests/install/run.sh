#!/usr/bin/env bash
# What cmake --install puts on a machine: run.sh BUILD-FOLDER
#
# The manual pages are sound and know all that the program knows; the units are sound and closed; nothing
# runs before somebody enables it; "galway schedule" writes the same files for its own place.
set -euo pipefail
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "install: $*" >&2
    exit 1
}

DESTDIR=$work cmake --install "$build" >"$work/log"
galway=$(find "$work" -type f -path '*/bin/galway')
man=$(dirname "$(find "$work" -name galway.1)")/..

for page in "$man"/man*/*; do
    mandoc -T lint -W warning "$page" || fail "$page"
    ! grep -qE '@[A-Z]+@' "$page" || fail "$page: a place that nothing filled"
done

# knows PAGE NAME...: each stands in the page as something that is explained
knows() {
    local page=$1 name
    shift
    [ $# -gt 3 ] || fail "$page: only $# names to look for"
    for name in "$@"; do
        grep -qE "^\.It (Cm|Fl Fl|Li|Er) ([a-z]+ )?$name\b" "$man/$page" || fail "$page: nothing about $name"
    done
}
mapfile -t settings < <("$galway" help settings | sed -nE 's/^  ([a-z-]+) +(text|path|list|number|true.false|time|word) .*/\1/p')
knows man5/galway.conf.5 "${settings[@]}"
mapfile -t commands < <("$galway" help | sed -nE 's/^  ([a-z][a-z-]*) .*/\1/p')
knows man1/galway.1 "${commands[@]}"
mapfile -t options < <("$galway" help | sed -nE 's/^  --([a-z-]+) .*/\1/p')
knows man1/galway.1 "${options[@]}"
mapfile -t functions < <("$galway" help functions | sed -nE 's/^  [a-z ]+ ([A-Z][A-Za-z0-9]+)\(.*/\1/p')
knows man5/galway-rules.5 "${functions[@]}"
mapfile -t validators < <("$galway" help validators | sed -nE 's/^([EW]_[A-Z_]+) .*/\1/p')
knows man5/galway-rules.5 "${validators[@]}"

# closed FOLDER: the units there can be loaded, and the service may do next to nothing
closed() {
    sed -i 's/^Documentation=.*//' "$1/galway.service" "$1/galway.timer" # the page is not installed here
    systemd-analyze verify "$1/galway.service" "$1/galway.timer" || fail "units"
    systemd-analyze security --offline=true --threshold=15 "$1/galway.service" >"$work/security" ||
        fail "$(tail -1 "$work/security")"
}
for file in bash-completion/completions/galway '*/_galway' fish/vendor_completions.d/galway.fish; do
    found=$(find "$work" -type f -path "*/share/$file")
    grep -q 'if-due' "$found" || fail "completion: $file"
done

units=$(dirname "$(find "$work" -name galway.service)")
grep -q "^ExecStart=.*/bin/galway -q sync --if-due$" "$units/galway.service" || fail "what the service runs"
sed -i "s#^ExecStart=/#ExecStart=$work/#" "$units/galway.service"
closed "$units"

cron=$(find "$work" -path '*/cron.d/galway')
! grep -q '^[*0-9]' "$cron" || fail "cron would run it before somebody wants it"
grep -q '^#\*/15 .* galway .*/galway -q sync --if-due$' "$cron" || fail "the line of cron"

cp -r "$(dirname "${BASH_SOURCE[0]}")/../../examples/merger" "$work/own"
mkdir "$work/metrics"
printf 'metrics = "%s/metrics/galway.prom"\n' "$work" >>"$work/own/galway.conf"
"$galway" -c "$work/own/galway.conf" schedule systemd "$work/own" >/dev/null 2>"$work/told"
for folder in own metrics; do
    grep -q "^ReadWritePaths=$work/$folder$" "$work/own/galway.service" || fail "the service may not write to $folder"
    grep -q "warning: $work/$folder.* does not see what is in /tmp" "$work/told" || [ "${work#/tmp/}" = "$work" ] || fail "$(cat "$work/told")"
done
[ "$(grep -c ^ReadWritePaths= "$work/own/galway.service")" = 2 ] || fail "it may write elsewhere"
"$galway" -c "$work/own/galway.conf" schedule cron "$work/own" >/dev/null
grep -q "^\*/15 .* $galway -c $work/own/galway.conf -q sync --if-due$" "$work/own/galway" || fail "schedule cron"
grep -q "^ExecStart=$galway -c $work/own/galway.conf -q sync --if-due$" "$work/own/galway.service" ||
    fail "schedule systemd"
# Without a folder the same is printed, each file after its name.
printed() {
    local scheduler=$1 file separator=
    shift
    for file; do
        printf '%s# %s\n' "$separator" "$file"
        cat "$work/own/$file"
        separator=$'\n'
    done >"$work/want"
    "$galway" -c "$work/own/galway.conf" schedule "$scheduler" >"$work/printed" 2>/dev/null
    cmp "$work/want" "$work/printed" || fail "schedule $scheduler prints something else than it writes"
}
printed systemd galway.service galway.timer
printed cron galway
closed "$work/own"
! "$galway" -c "$work/own/galway.conf" schedule cron "$work/own" 2>"$work/told" || fail "it wrote over a file"
grep -q 'take it away first' "$work/told" || fail "schedule over a file: $(cat "$work/told")"
mkdir "$work/a b"
cp "$work"/own/*.ldif "$work/own/galway.conf" "$work/a b"
! "$galway" -c "$work/a b/galway.conf" schedule cron >/dev/null 2>&1 || fail "a path with a blank"
echo "install: ${#settings[@]} settings, ${#commands[@]} commands, ${#options[@]} options, ${#functions[@]} functions," \
    "${#validators[@]} validators are in the manual; $(tail -1 "$work/security")"
