#!/usr/bin/env bash
# In a root that nobody needs any more: inside.sh DEB. The life of the package, from the first installation to the purge.
set -euo pipefail
deb=$1
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
umask 077 # root's, on a careful machine: the package does not depend on it

fail() {
    echo "package: $*" >&2
    exit 1
}
# is WHAT GOT WANTED
is() {
    [ "$2" = "$3" ] || fail "$1: '$2', not '$3'"
}
mode() {
    stat -c '%U:%G %a' "$1"
}
as_galway() {
    setpriv --reuid galway --regid galway --init-groups -- "$@"
}
# A folder of a package that was there before says nothing.
rm -rf /etc/galway /var/lib/galway /etc/cron.d/galway
! getent passwd galway >/dev/null || userdel galway

# ---- installed
dpkg -i "$deb" >/dev/null
is "the account" "$(getent passwd galway | cut -d: -f6,7)" /var/lib/galway:/usr/sbin/nologin
is /etc/galway "$(mode /etc/galway)" "root:galway 750"
is /var/lib/galway "$(mode /var/lib/galway)" "galway:galway 700"
is "the program" "$(mode /usr/bin/galway)" "root:root 755"
is "the timer" "$(systemctl --root=/ is-enabled galway.timer || true)" disabled
is "lines of cron that run" "$(grep -c '^[*0-9]' /etc/cron.d/galway || true)" 0
grep -q '^ExecStart=/usr/bin/galway -q sync --if-due$' /usr/lib/systemd/system/galway.service || fail "what the service runs"
systemd-analyze verify /usr/lib/systemd/system/galway.service /usr/lib/systemd/system/galway.timer 2>&1 |
    grep -i galway && fail "the units"
systemd-analyze security --offline=true --threshold=15 /usr/lib/systemd/system/galway.service >/dev/null || fail "the service is open"
for page in 1/galway.1 5/galway.conf.5 5/galway-rules.5 5/galway-reports.5; do
    zcat "/usr/share/man/man$page.gz" | mandoc -T lint -W warning || fail "the manual page $page"
done

# ---- used, as the service does: a configuration of root's, a state of galway's
cp /usr/share/doc/galway/examples/merger/*.ldif /var/lib/galway
chown galway: /var/lib/galway/*.ldif
galway init --source /var/lib/galway/abc.ldif --target /var/lib/galway/xyz.ldif /etc/galway >/dev/null
grep -q '^state *= "/var/lib/galway/state.db"$' /etc/galway/galway.conf || fail "init: where the state is"
chgrp galway /etc/galway/galway.conf
chmod 640 /etc/galway/galway.conf
code=0
as_galway galway -q sync --if-due >/dev/null || code=$?
is "a sync" $code 4
is "the state" "$(mode /var/lib/galway/state.db)" "galway:galway 600"
code=0
as_galway galway status >/dev/null || code=$?
is "status" $code 4
as_galway test ! -w /etc/galway/galway.conf || fail "the service may write its configuration"

# ---- enabled and edited by a person, and upgraded: it stays as it is
systemctl --root=/ enable galway.timer 2>/dev/null
sed -i 's/^#\*/*/' /etc/cron.d/galway
chmod 700 /etc/galway
cp -r "$deb" /tmp/again.deb
dpkg -i /tmp/again.deb >/dev/null
is "the timer after an upgrade" "$(systemctl --root=/ is-enabled galway.timer || true)" enabled
is "lines of cron after an upgrade" "$(grep -c '^[*0-9]' /etc/cron.d/galway)" 1
is "/etc/galway after an upgrade" "$(mode /etc/galway)" "root:galway 700"

# ---- removed: the program goes, what it knows stays
dpkg -r galway >/dev/null
for gone in /usr/bin/galway /usr/lib/systemd/system/galway.timer /usr/share/man/man1/galway.1.gz; do
    [ ! -e "$gone" ] || fail "$gone is there after a removal"
done
for kept in /var/lib/galway/state.db /etc/galway/galway.conf /etc/cron.d/galway; do
    [ -e "$kept" ] || fail "$kept is not there after a removal"
done
dpkg -i "$deb" >/dev/null
is "the timer, installed again" "$(systemctl --root=/ is-enabled galway.timer || true)" enabled

# ---- purged: the state goes, what a person wrote stays
dpkg -P galway >/dev/null
for gone in /var/lib/galway /etc/cron.d/galway /usr/share/doc/galway /etc/systemd/system/timers.target.wants/galway.timer \
    /etc/systemd/system/galway.timer; do
    if [ -e "$gone" ] || [ -L "$gone" ]; then
        fail "$gone is there after a purge"
    fi
done
[ -e /etc/galway/galway.conf ] || fail "a purge took the configuration"
find /var/lib/systemd/deb-systemd-helper-* -name '*galway*' | grep . && fail "what the package told systemd"
rm -rf /etc/galway
dpkg -i "$deb" >/dev/null
dpkg -P galway >/dev/null
[ ! -e /etc/galway ] || fail "an empty /etc/galway is there after a purge"
echo "package: installed, used, upgraded, removed, purged"
