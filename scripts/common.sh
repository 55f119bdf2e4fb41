# Shared by the scripts of this folder; sourced, not run. Expects `set -euo pipefail`.
# shellcheck shell=bash

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
VENV="$ROOT/.venv"
export ROOT VENV
# Under plain C, Python's package tools cannot write down the path of a folder called Mój sklep.
case ${LC_ALL:-} in C | POSIX) export LC_ALL=C.UTF-8 ;; esac

say() { printf '%s\n' "$*"; }

# fail WHAT COMMAND...: says what is missing and the command that mends it, and ends the script.
fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    local step
    for step in "$@"; do printf '  mend it with:  %s\n' "$step" >&2; done
    exit 1
}

# with_progress LABEL COMMAND...: runs the command with its output in a log. Says after two seconds, and then every ten,
# that it is still at work; when it fails, shows the end of the log and returns its status.
with_progress() {
    local label=$1 started=$SECONDS next=2 status=0
    shift
    log=$(mktemp)
    say "  $label"
    "$@" >"$log" 2>&1 </dev/null &
    running=$!
    while kill -0 "$running" 2>/dev/null; do
        sleep 0.2
        if ((SECONDS - started >= next)); then
            say "    $((SECONDS - started)) s: $(grep -v '^WARNING' "$log" | tail -n 1 | cut -c -90 || true)"
            next=$((next < 10 ? 10 : next + 10))
        fi
    done
    wait "$running" || status=$?
    running=
    if ((status != 0)); then
        say "    failed; the end of its output:" >&2
        tail -n 20 "$log" >&2
    fi
    rm -f "$log"
    log=
    return "$status"
}

# packages_beside LOCK FOLDER: the packages of LOCK, by hash, in a folder of their own beside the environment.
packages_beside() {
    cmp -s "$1" "$2/installed.lock" && return
    rm -rf "$2"
    with_progress "packages: from $1, by hash" \
        "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off --no-deps \
        --require-hashes --only-binary :all: --target "$2" -r "$1" ||
        fail "packages are missing" "check the network (pip config list shows which index is used), then once more"
    cp "$1" "$2/installed.lock"
}

running=
log=
stop_running() {
    if [[ -n $running ]]; then
        kill "$running" 2>/dev/null || true
        wait "$running" 2>/dev/null || true
    fi
    if [[ -n $log ]]; then rm -f "$log"; fi
}
finish_running() {
    if [[ -n $running ]]; then
        say "  interrupted; the step under way is brought to its end first"
        wait "$running" || true
    fi
    if [[ -n $log ]]; then rm -f "$log"; fi
}
trap stop_running EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
