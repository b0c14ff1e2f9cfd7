#!/usr/bin/env bash
# The documentation is true: tests/docs/run.sh GALWAY, the program to try it with.
#
# Each line of a ```sh block of README.md, docs/design.md and the guides is run as a command, in a folder that looks like a checkout after the build. It must end with 0, or as a comment right above the block says:
#
#     <!-- run: exit 4 -->        each of its lines ends with 4
#     <!-- run: not here, ... --> the block is left out, with the reason
#
# Configurations (```conf NAME) of README.md and docs/directories.md get as far as the servers, which are not there.
#
# Beside that: files that the pages name are there, and so is everything that the program's own help names.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
galway=$(realpath "${1:?usage: tests/docs/run.sh GALWAY}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
unset GALWAY_CONFIG
failed=0

fail() {
    echo "docs: $*" >&2
    failed=1
}

# ---- the commands

# commands PAGE: "LINE EXIT COMMAND" for each line of its sh blocks
commands() {
    awk '
        /^```/ && inside { inside = 0; next }
        /^```sh$/ { inside = 1; code = note == "" ? 0 : note; note = ""; next }
        inside && code != "skip" && NF { print NR, code, $0 }
        /^<!-- run: exit [0-9]+ -->$/ { note = $4; next }
        /^<!-- run: not here, .+ -->$/ { note = "skip"; next }
        /^<!-- run:/ { print NR, "bad", $0 }
        { note = "" }' "$1"
}

# Nothing but a build and the examples is there, for each page anew; what a command writes is written here.
checkout() {
    cd "$work"
    rm -rf checkout
    mkdir -p checkout/build/release
    ln -s "$galway" checkout/build/release/galway
    cp -r "$root/examples" checkout/examples
    chmod -R go-w checkout
    cd checkout
}
PATH=$work/checkout/build/release:$PATH

ran=0
for page in README.md docs/design.md docs/{first-hour,from-galsync,from-dirsync,mesh,recovery}.md; do
    checkout
    while read -r line want command; do
        code=0
        bash -c "$command" </dev/null >"$work/out" 2>&1 || code=$?
        ran=$((ran + 1))
        if [ "$code" != "$want" ]; then
            fail "$page:$line: $command: ended with $code, not $want"
            tail -n 20 "$work/out" >&2
        fi
    done < <(commands "$root/$page")
done
[ "$ran" -gt 0 ] || fail "no page has a command"

# ---- the configurations

# block PAGE KIND NAME: the block that begins with ```KIND NAME
block() {
    sed -n "/^\`\`\`$2 $3\$/,/^\`\`\`\$/ { /^\`\`\`/d; p }" "$root/$1"
}

# All that is not there elsewhere is put here, and the servers are a port at which nobody listens.
mkdir -m 700 "$work/etc"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=nobody -days 2 \
    -keyout "$work/etc/key.pem" -out "$work/etc/abc-ca.pem" 2>"$work/out" || fail "openssl: $(cat "$work/out")"
block docs/rules.md rules all.rules >"$work/etc/people.rules"
cp "$work/etc/abc-ca.pem" "$work/etc/xyz-ca.pem"
install -m 600 /dev/null "$work/etc/xyz.keytab"
cp "$root/examples/exchange-online/contacts.rules" "$work/etc/"
(umask 077 && echo secret >"$work/etc/cloud.secret")

# try PAGE NAME: check ends with 5, as each server is away and each flow is good
try() {
    local config=$work/etc/$2 code=0 servers away flows good
    block "$1" conf "$2" |
        sed -e "s|/etc/galway/|$work/etc/|; s|/var/lib/galway/|$work/etc/|" \
            -e '/url *=/ s~\(ldaps\{0,1\}\|https\)://[a-z0-9.]*~\1://127.0.0.1:1~g' \
            -e '/^ *command = {/,/}$/c\    command = {"/bin/false"}' \
            -e 's/^ *type = \(ad\|ldap\|scim\|graph\)$/&\n    retry = 0s/' >"$config"
    galway -c "$config" check </dev/null >"$work/out" 2>&1 || code=$?
    servers=$(grep -c '^connector ' "$config") || true
    # One that stands for several (staff/ann@abc.example) counts once.
    away=$(grep -E '^connector .*: FAILED: (ldaps?://127.0.0.1:1: cannot be reached|.*/bin/false: ended|.*https://127.0.0.1:1/.*[cC]onnect)' "$work/out" |
        sed 's~^connector \([^/:]*\).*~\1~' | sort -u | grep -c .) || true
    flows=$(grep -c '^flow ' "$config") || true
    good=$(sed -n 's~^flow \([^/:]*\).*: good: .*~\1~p' "$work/out" | sort -u | grep -c .) || true
    if [ "$code $servers $flows" != "5 $away $good" ]; then
        fail "$1: $2: check ended with $code, not for want of its servers"
        cat "$work/out" >&2
    fi
}

tried=0
for page in README.md docs/directories.md; do
    while read -r name; do
        try "$page" "$name"
        tried=$((tried + 1))
    done < <(sed -n 's/^```conf //p' "$root/$page")
done
[ "$tried" -gt 0 ] || fail "no page has a configuration"

# ---- what the pages name

cd "$root"
for page in README.md CONTRIBUTING.md CHANGELOG.md SECURITY.md docs/*.md; do
    # [text](file#part)
    while read -r link; do
        [ -e "$(dirname "$page")/$link" ] || fail "$page: there is no $link"
    done < <(sed "s/\`[^\`]*\`//g" "$page" | grep -o '](\([^)#]*\)' | sed 's/^](//; /^$/d; /^https\{0,1\}:/d' | sort -u)
    # sync/plan.c, docs/rules.md; not patterns like tests/test_NAME.c
    while read -r file; do
        [ -e "$file" ] || fail "$page: there is no $file"
    done < <(grep -oE '\b(base|connectors|rules|sync|tests|docs|examples|cmake)/[a-z0-9_./-]+\.(c|h|md|sh|py|json|conf|rules|cmake)\b' \
        "$page" | sort -u)
done

# The attributes that an account may write are the same ones in each way of granting that.
# shellcheck disable=SC2016 # $names is PowerShell's
mapfile -t grants < <(sed -nE 's/^(for %a in \(|\$names = ")([^)"]*).*/\2/p' docs/permissions.md)
if [ ${#grants[@]} -ne 2 ] || [ "${grants[0]}" != "${grants[1]}" ]; then
    fail "docs/permissions.md: dsacls and PowerShell grant different attributes"
fi

# ---- what the program names

# named "PAGE..." WORD...: one of the pages has each word in backticks, alone or as the first one
named() {
    local pages word
    read -ra pages <<<"$1"
    shift
    for word in "$@"; do
        grep -qE "\`${word}( |\`)" "${pages[@]}" || fail "${pages[*]}: $word is not named"
    done
}

mapfile -t words < <("$galway" help | sed -n '/^$/,/^$/ s/^  \([a-z-]*\) .*/\1/p')
named docs/design.md "${words[@]}"
mapfile -t words < <("$galway" help | sed -n 's/^  \(--[a-z-]*\) .*/\1/p')
named docs/design.md "${words[@]}"
mapfile -t words < <("$galway" help settings | sed -n 's/^  \([a-z-]*\) .*/\1/p')
named "docs/design.md docs/directories.md" "${words[@]}"
# Those of servers with their defaults. (objectClass=*) has parentheses of its own.
while read -r name default; do
    row=$(grep -E "^\|[^|]*\`$name\`" docs/directories.md) || true
    grep -qF "| $default |" <<<"${row//\`/}" || fail "docs/directories.md: $name has not its default, $default"
done < <("$galway" help settings | sed -n '/type = ldap/,/^flow/ s/^  \([a-z-]*\) .*(default \(.*\))$/\1 \2/p')
mapfile -t words < <("$galway" help validators | sed -n 's/^\([EW]_[A-Z0-9_]*\) .*/\1/p')
named docs/validators.md "${words[@]}"

[ "$failed" -eq 0 ] && echo "$ran commands and $tried configurations of the documentation are as it says"
exit "$failed"
