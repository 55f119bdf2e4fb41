# Where scripts/install puts things and where scripts/uninstall finds them; sourced by both.
# shellcheck shell=bash

TOP= # '' is this machine, otherwise a scratch root
PREFIX=/opt/earmark
place_files() {
    PREFIX="$TOP/opt/earmark"
    APP="$PREFIX/app"
    ENVIRONMENTS="$PREFIX/environments"
    PYTHON="$PREFIX/venv/bin/python" # venv leads to the newest of the environments
    SLOTS="$PREFIX/slots"
    # Survives scripts/uninstall, so that nothing older is taken afterwards.
    FLOOR="$TOP/var/lib/earmark/update-floor.json"
    COMMANDS="$TOP/usr/local/bin"
    export APP ENVIRONMENTS PYTHON SLOTS FLOOR COMMANDS
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

# write_command NAME LINE...: a command of the release that is the device now.
write_command() {
    local file="$COMMANDS/$1"
    shift
    mkdir -p "$COMMANDS"
    {
        say '#!/bin/sh'
        say '# Written by Earmark scripts/install'
        # Settings, trust and catalogue hold no secrets and are read by users other than root; keys are made 0600 anyway.
        say 'umask 022'
        printf '%s\n' "$@"
    } >"$file.new"
    chmod 755 "$file.new"
    mv "$file.new" "$file"
}

write_commands() {
    local python='/opt/earmark/venv/bin/python -P -m'
    local start="$python firmware_update.boot --slots /opt/earmark/slots --"
    # shellcheck disable=SC2016 # meant for the script that is written
    write_command earmark 'export EARMARK_SETTINGS="${EARMARK_SETTINGS:-/etc/earmark/earmark.toml}"' \
        "exec $start agent.cli \"\$@\""
    # Looking and going back do not depend on a release that may be the reason for it.
    # shellcheck disable=SC2016
    write_command earmark-update 'command=${1:-}; [ $# -eq 0 ] || shift' 'case $command in' \
        "status | back | install) exec $python firmware_update.cli \"\$command\" \\" \
        '    --slots /opt/earmark/slots --models /opt/earmark/app/models/files "$@" ;;' 'esac' \
        'export EARMARK_UPDATE_FETCH=/run/earmark/fetch.sock EARMARK_UPDATE_GATE=/run/earmark/health.sock' \
        "exec $start firmware_update.cli --settings /etc/earmark/earmark.toml \${command:+\"\$command\"} \"\$@\""
}

# The names of what write_commands made.
own_commands() { say earmark earmark-update; }
