#!/usr/bin/env bash
# The main job from beginning to end, on a copy of examples/merger: two companies get each other's people
# into their address lists. Installs what lacks (Debian 12), builds, and checks each exit code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/packages.sh
. tests/build.sh

packages_install build
echo "== building"
build release -DGALWAY_TESTS=OFF -- --target galway
galway=$(build_folder release)/galway

umask 022 # galway refuses a configuration that others may write
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp examples/merger/* "$work"
export GALWAY_CONFIG=$work/galway.conf

# step CODE TITLE COMMAND...: announce it, run it, and end the demo when its exit code is another
step() {
    local want=$1 title=$2 code=0
    shift 2
    printf '\n== %s\n   $ galway %s\n' "$title" "$*"
    "$galway" "$@" || code=$?
    if [ "$code" -ne "$want" ]; then
        echo "demo: galway $* ended with $code, not $want" >&2
        exit 1
    fi
}

# unchanged WHAT: both directories are to the byte as remember found them
unchanged() {
    local side
    for side in abc xyz; do
        if ! cmp -s "$work/$side.ldif" "$work/$side.before"; then
            echo "demo: $1 has changed $side.ldif" >&2
            exit 1
        fi
    done
}
remember() {
    cp "$work/abc.ldif" "$work/abc.before"
    cp "$work/xyz.ldif" "$work/xyz.before"
}

step 0 "does the configuration hold, and can both directories be read?" check

remember
step 1 "a dry run: what would be done, and why (1: there are changes)" diff
unchanged "a dry run"

step 4 "the run (4: done, but for the conflicts it lists)" sync

remember
step 4 "the run again: nothing is left to do but the same conflicts" sync
unchanged "a second run"

printf '\n== an edit in ABC: Eva Lind marries, and becomes Lead Engineer\n'
sed -i -e 's/Eva Lind\b/Eva Berg/' -e 's/^sn: Lind$/sn: Berg/' \
    -e '/^dn: CN=Eva Berg,/,/^$/ s/^title: .*/title: Lead Engineer/' "$work/abc.ldif"
diff -U0 "$work/abc.before" "$work/abc.ldif" | sed -n '/^[-+][a-z]/p' || true

step 1 "what that means for XYZ: a rename, three values, and the name of a manager" diff abc-to-xyz
step 4 "and done" sync abc-to-xyz
step 0 "one object from end to end" explain abc-to-xyz eva.lind@abc.example

printf '\n== done: both address lists are true; examples/merger/ itself was not touched\n'
