#!/usr/bin/env bash
# The Debian package: built twice, looked at by lintian, installed, used, upgraded, removed and purged.
#
# Two copies of the source, with other paths, masks and time zones, make the same bytes. It is installed into an overlay of
# this machine's own root (lost at the end), so that dpkg, the account and the libraries are real; where no overlay can be
# mounted that part is left out, and says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/packages.sh
packages_install build package test ci

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

fail() {
    echo "package: $*" >&2
    exit 1
}

# copy FOLDER: what a checkout has
copy() {
    mkdir -p "$1"
    git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$1"
}

export SOURCE_DATE_EPOCH=1700000000
copy "$work/one"
copy "$work/another/and/deeper"
(cd "$work/one" && bash packaging/deb.sh "$work/first" >/dev/null)
(umask 077 && cd "$work/another/and/deeper" && TZ=Asia/Tokyo CCACHE_DISABLE=1 bash packaging/deb.sh "$work/second" >/dev/null)
deb=$(find "$work/first" -name '*.deb')
diff <(cd "$work/first" && sha256sum ./*) <(cd "$work/second" && sha256sum ./*) || fail "two builds differ"

# ---- what it is

lintian --allow-root --fail-on error,warning "$deb" >"$work/lintian" 2>/dev/null || fail "lintian: $(cat "$work/lintian")"
/usr/bin/python3 tests/package/sbom.py "$work/one/build/package/galway" "$work"/first/*.json || [ $? = 77 ] || fail "the list of libraries"
grep -q '"timestamp": "2023-11-14T22:13:20Z"' "$work"/first/*.json || fail "when the list of libraries was made"

# ---- what it does

# In the overlay, as root there.
inside() {
    # shellcheck disable=SC2016 # expanded there
    unshare --mount --pid --fork bash -euo pipefail -c '
        mount -t tmpfs -o mode=755 none "$1"
        mkdir "$1/upper" "$1/work" "$1/root"
        mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root" || exit 77
        mount -t proc proc "$1/root/proc"
        mount -t tmpfs none "$1/root/run"
        chroot "$1/root" bash "$2" "$3"' - "$work/overlay" "$PWD/tests/package/inside.sh" "$deb"
}
mkdir "$work/overlay"
code=0
inside >"$work/out" 2>&1 || code=$?
case $code in
0) tail -n 1 "$work/out" ;;
77) echo "package: not installed: no overlay can be mounted here" ;;
*) fail "$(cat "$work/out")" ;;
esac
echo "package: $(basename "$deb"), $(sha256sum <"$deb" | cut -c 1-16) twice"
