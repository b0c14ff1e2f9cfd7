#!/usr/bin/env bash
# The LDIF report is what ldapmodify accepts: a slapd on loopback gets the target's directory and then the plan of a first run, and
# has every contact afterwards.   ldapmodify.sh GALWAY
set -euo pipefail
galway=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PATH=$PATH:/usr/sbin
command -v slapd >/dev/null || { echo "slapd is not installed"; exit 77; }
umask 022
work=$(mktemp -d)
pid=
# shellcheck disable=SC2329
finish() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
cp "$here"/examples/merger/* "$work"
mkdir "$work/db"

"$galway" -c "$work/galway.conf" diff --format ldif -o "$work/plan.ldif" abc-to-xyz && exit 1

# Every attribute of the plan that slapd does not know by itself, as a string of any bytes; and one structural class a kind.
known=' objectclass cn name description distinguishedname seealso '
may='cn $ name $ description $ distinguishedName $ seeAlso'
{
    n=0
    while read -r name; do
        case $known in *" ${name,,} "*) continue ;; esac
        n=$((n + 1))
        echo "attributetype ( 1.3.6.1.4.1.99999.1.$n NAME '$name' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )"
        may+=" \$ $name"
    done < <({ sed -n 's/^\([A-Za-z][A-Za-z0-9-]*\)::\{0,1\} .*/\1/p' "$work/plan.ldif" "$work/xyz.ldif"; printf '%s\n' dc ou; } |
        grep -viE '^(dn|changetype|version|add|replace|delete|newrdn|newsuperior|deleteoldrdn)$' |
        sort -fu)
    n=0
    while read -r class; do
        case ${class,,} in top) continue ;; esac
        n=$((n + 1))
        kind=AUXILIARY
        echo "objectclass ( 1.3.6.1.4.1.99999.2.$n NAME '$class' SUP top $kind MAY ( $may ) )"
    done < <(sed -n 's/^objectClass: //p' "$work/plan.ldif" "$work/xyz.ldif" | sort -fu)
    echo "objectclass ( 1.3.6.1.4.1.99999.3.1 NAME 'anything' SUP top STRUCTURAL MAY ( $may ) )"
} >"$work/ad.schema"
cat >"$work/slapd.conf" <<END
include $work/ad.schema
moduleload back_mdb
modulepath /usr/lib/ldap
database mdb
suffix "DC=xyz,DC=example"
directory $work/db
rootdn "cn=admin,DC=xyz,DC=example"
rootpw invented
END
uri="ldapi://$(printf %s "$work/sock" | sed 's,/,%2f,g')"
slapd -f "$work/slapd.conf" -h "$uri" -d 0 &
pid=$!
ldap() {
    local command=$1
    shift
    "$command" -x -H "$uri" -D "cn=admin,DC=xyz,DC=example" -w invented "$@"
}
for _ in $(seq 50); do
    ldap ldapwhoami >/dev/null 2>&1 && break
    sleep 0.1
done
# slapd wants a structural class in every entry, which a contact of AD has by its schema.
structural() {
    awk '/^objectClass: / && !done { print "objectClass: anything"; done = 1 } /^$/ { done = 0 } { print }' "$1"
}
structural "$work/xyz.ldif" >"$work/first.ldif"
structural "$work/plan.ldif" >"$work/then.ldif"
ldap ldapadd -f "$work/first.ldif" >"$work/log" 2>&1 || { tail -n 5 "$work/log"; exit 1; }
ldap ldapmodify -f "$work/then.ldif" >"$work/log" 2>&1 || { tail -n 5 "$work/log"; exit 1; }
wanted=$(grep -c '^changetype: add' "$work/plan.ldif")
got=$(ldap ldapsearch -LLL -b "OU=GAL,DC=xyz,DC=example" -s one '(adminDescription=*)' dn | grep -c '^dn:')
echo "ldapmodify: $got of $wanted contacts"
[ "$got" -eq "$wanted" ] && [ "$wanted" -gt 20 ]
