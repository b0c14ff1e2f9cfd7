# Building by a preset, for the scripts that source this file from the top of the checkout.
# shellcheck shell=bash

# build_folder PRESET: where it is built. build/PRESET, as cmake's presets say; a checkout that somebody
# else owns is left alone, and a folder of one's own serves.
build_folder() {
    if [ -w . ] && { [ ! -e build ] || [ -w build ]; } && { [ ! -e "build/$1" ] || [ -w "build/$1" ]; }; then
        echo "$PWD/build/$1"
        return
    fi
    local own
    own="${TMPDIR:-/tmp}/galway-$(id -u)"
    mkdir -m 700 "$own" 2>/dev/null || true
    if [ ! -d "$own" ] || [ ! -O "$own" ] || [ -L "$own" ]; then
        echo "$own belongs to somebody else" >&2
        return 1
    fi
    echo "$own/$(printf %s "$PWD" | cksum | cut -d ' ' -f 1)-$1"
}

# build PRESET [CONFIGURE-OPTION...] [-- BUILD-OPTION...]: quiet when all is well
build() {
    local folder configure=() log
    folder=$(build_folder "$1")
    log=$(mktemp)
    configure=(--preset "$1" -B "$folder")
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        configure+=("$1")
        shift
    done
    [ $# -eq 0 ] || shift
    if ! { cmake "${configure[@]}" && cmake --build "$folder" "$@"; } >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}
