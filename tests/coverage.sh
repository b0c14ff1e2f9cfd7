#!/usr/bin/env bash
# Line coverage of what decides: base/, rules/ and the planning part of sync/. Fails below 95 %.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/packages.sh
. tests/build.sh

packages_install build test ci
build coverage -DGALWAY_TESTS=ON
folder=$(build_folder coverage)
find "$folder" -name '*.gcda' -delete
ctest --test-dir "$folder" -R '^(test_|flows)' -j "$(nproc)" --output-on-failure --quiet

gcovr --root . --object-directory "$folder" "$folder" \
    --filter 'base/' --filter 'rules/' --filter 'sync/(plan|order|guard|authority)\.c$' \
    --exclude-throw-branches --fail-under-line 95
