#!/bin/bash
# The published incidents of other products, replayed: incidents.sh [--table] [NAME...]
# GALWAY is the program; without, that of build/debug.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec /usr/bin/python3 "$here/incidents.py" "${GALWAY:-$here/../../build/debug/galway}" "$@"
