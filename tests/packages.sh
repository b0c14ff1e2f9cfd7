#!/usr/bin/env bash
# The Debian 12 packages that galway needs, and the installing of those that lack.
#
#   bash tests/packages.sh build         for the program
#   bash tests/packages.sh build test    for the program and its tests
#
# Other scripts source this file and call packages_install with the same words.

declare -A packages=(
    [build]="gcc libc6-dev cmake ninja-build pkg-config libconfuse-dev libsqlite3-dev libjansson-dev libcurl4-openssl-dev
        libunistring-dev libxxhash-dev libssl-dev libldap-dev libsasl2-dev libxml2-dev"
    [test]="libcmocka-dev python3 python3-jsonschema python3-aiosmtpd slapd ldap-utils
        python3-ldap krb5-user libsasl2-modules-gssapi-mit openssl samba-ad-dc samba-ad-provision python3-samba
        ldb-tools 389-ds-base libnss3-tools mandoc systemd nodejs npm tmux util-linux
        zsh fish libfaketime tzdata"
    [package]="dpkg-dev gzip binutils"
    [bench]="time python3-ldap3 curl"
    [ci]="clang libclang-rt-14-dev clang-format gcovr shellcheck cppcheck chromium lintian prometheus
        default-jdk-headless libapache-directory-api-java libantlr-java"
    [tidy]="clang-tidy"
)

# packages_install WORD...: what lacks of the lists named; as root, or by a sudo that does not ask; else says
# what lacks and ends with 2
packages_install() {
    local word package missing=() as_root=()
    for word in "$@"; do
        for package in ${packages[$word]:?no such list of packages}; do
            # Where node is not Debian's, npm comes with it.
            [ "$package" != npm ] || ! command -v npm >/dev/null || continue
            dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
                missing+=("$package")
        done
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    if [ "$(id -u)" -ne 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            {
                echo "these packages lack, and only root can install them:"
                echo "    apt-get install ${missing[*]}"
            } >&2
            exit 2
        fi
        as_root=(sudo -n)
    fi
    echo "installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -euo pipefail
    packages_install "$@"
fi
