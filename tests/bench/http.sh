#!/usr/bin/env bash
# What the client of web services costs: tests/bench/http.sh [--n 10000] [--delay 20] [--page-size 100] [--window 8] [--rounds 5]
#
# A SCIM service and Graph on loopback: reading their users beside curl of the same pages, and creating users several at once
# beside one after the other. web.py measures, web_server.mjs is the service.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/packages.sh
. tests/build.sh

packages_install build test bench
build release -DGALWAY_TESTS=ON -- --target live_read live_writer
folder=$(build_folder release)
exec /usr/bin/python3 tests/bench/web.py --read "$folder/tests/live_read" --writer "$folder/tests/live_writer" "$@"
