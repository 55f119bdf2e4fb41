# Where scripts/install puts things and where scripts/uninstall finds them; sourced by both.
# shellcheck shell=bash

TOP= # '' is this machine, otherwise a scratch root
PREFIX=/opt/earmark
place_files() {
    PREFIX="$TOP/opt/earmark"
    APP="$PREFIX/app"
    PYTHON="$PREFIX/venv/bin/python"
    COMMAND="$TOP/usr/local/bin/earmark"
    export APP PYTHON COMMAND
}
place_files

choose_root() {
    [[ -n $1 ]] || fail "--root needs a folder" "scripts/install --root DIR"
    mkdir -p -- "$1"
    TOP=$(cd -- "$1" && pwd)
    [[ $TOP != / ]] || TOP=
    place_files
}

need_root_rights() {
    [[ -n $TOP ]] || ((EUID == 0)) || fail "this changes the system" "sudo $1" "or, to look at it first: $1 --root DIR"
    [[ -n $TOP ]] || command -v systemctl >/dev/null ||
        fail "this machine has no systemd" "start the device without it: earmark run"
}

# systemd runs here (an image that is being built has it installed, but not running)
manages_services() { [[ -z $TOP && -d /run/systemd/system ]]; }

# The files of systemd/, one a line, relative to the checkout.
unit_files() { find systemd -type f | LC_ALL=C sort; }

# Where such a file belongs below /etc: sysusers.d and tmpfiles.d have folders of their own there.
target_of() {
    case $1 in
    systemd/system/*) say "$1" ;;
    *) say "${1#systemd/}" ;;
    esac
}

write_command() {
    mkdir -p "${COMMAND%/*}"
    {
        say '#!/bin/sh'
        say '# Written by Earmark scripts/install'
        # Settings, trust and catalogue hold no secrets and are read by users other than root; keys are made 0600 anyway.
        say 'umask 022'
        # shellcheck disable=SC2016 # meant for the script that is written
        say 'export EARMARK_SETTINGS="${EARMARK_SETTINGS:-/etc/earmark/earmark.toml}"'
        # shellcheck disable=SC2016
        say 'exec /opt/earmark/venv/bin/python -P -m agent.cli "$@"'
    } >"$COMMAND.new"
    chmod 755 "$COMMAND.new"
    mv "$COMMAND.new" "$COMMAND"
}
