#!/usr/bin/env bash
# The Debian package, and the list of what the program is made of (CycloneDX): packaging/deb.sh [FOLDER]
#
# Both are put into FOLDER (dist), and their names printed. The moment that they tell is SOURCE_DATE_EPOCH, or that of
# the last commit: whoever builds the same source gets the same bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/packages.sh
. tests/build.sh

packages_install build package
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
fi
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C.UTF-8
umask 022
mkdir -p "${1:-dist}"
out=$(realpath "${1:-dist}")
build package
folder=$(build_folder package)
cpack --config "$folder/CPackConfig.cmake" -B "$folder/cpack" >"$folder/cpack.log" 2>&1 || {
    cat "$folder/cpack.log" >&2
    exit 1
}
deb=$(find "$folder/cpack" -maxdepth 1 -name 'galway_*.deb')
/usr/bin/python3 packaging/sbom.py "$folder/galway" >"$out/$(basename "$deb" .deb).cdx.json"
cp "$deb" "$out"
printf '%s\n' "$out/$(basename "$deb")" "$out/$(basename "$deb" .deb).cdx.json"
