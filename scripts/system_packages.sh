# What the operating system has to provide, and how it is brought in by apt; sourced by scripts/setup.
# shellcheck shell=bash

APT_GUARD=/usr/sbin/policy-rc.d
APT_GUARD_MARK='# written by Earmark scripts/setup for the time of one installation'
apt_as=()
apt_guard_set=
apt_new_services=()

has_library() {
    local known
    known=$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null) || true
    [[ $known == *"$1"* ]]
}

# Prints the Debian packages that are missing, judged by what they provide, one a line.
missing_system_packages() {
    local path="$PATH:/usr/sbin:/sbin"
    PATH=$path command -v mosquitto >/dev/null || say mosquitto
    PATH=$path command -v espeak-ng >/dev/null || say espeak-ng
    PATH=$path command -v flite >/dev/null || say flite
    has_library libportaudio.so.2 || say libportaudio2
    has_library libseccomp.so.2 || say libseccomp2
    if [[ -n ${CI:-} ]]; then
        # Only for tests that are skipped without: on a person's machine the first would displace PipeWire.
        PATH=$path command -v pulseaudio >/dev/null || printf '%s\n' pulseaudio libasound2-plugins
        PATH=$path command -v systemd-analyze >/dev/null || say systemd
        PATH=$path command -v systemd-nspawn >/dev/null || say systemd-container
        PATH=$path command -v softhsm2-util >/dev/null || say softhsm2
        PATH=$path command -v swtpm >/dev/null || say swtpm
        PATH=$path command -v tpm2_getcap >/dev/null || say tpm2-tools
        compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || say postgresql
    fi
}

# Those that only the export of a speaker model needs (scripts/setup_export), for the system's own Python.
missing_export_packages() {
    local module
    for module in torch torchaudio; do
        /usr/bin/python3 -I -c "import importlib.util, sys; sys.exit(not importlib.util.find_spec('$module'))" ||
            say "python3-$module"
    done
    /usr/bin/python3 -I -c 'import ensurepip, venv' 2>/dev/null || say python3-venv
}

# install_system_packages PACKAGE...: by apt, as root or through sudo, without starting or enabling any service.
install_system_packages() {
    local install="apt-get install --no-install-recommends $*"
    command -v apt-get >/dev/null ||
        fail "this system has no apt-get; Earmark needs what these Debian packages hold: $*" \
            "install the like of them with this system's package manager, then run scripts/setup again"
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "missing system packages: $* (not root, and no sudo here)" "su -c '$install'"
        sudo -n true 2>/dev/null || [[ -t 0 ]] ||
            fail "missing system packages: $* (sudo would ask for a password, and nobody is there)" "sudo $install"
        say "  system packages: sudo may ask for your password"
        sudo true || fail "missing system packages: $* (sudo refused)" "su -c '$install'"
        apt_as=(sudo)
    fi
    # A package manager stopped half way leaves a mess that a person has to clear up: it is waited for.
    trap 'finish_running; undo_apt_guard' EXIT
    set_apt_guard
    local service
    for service in mosquitto postgresql; do
        if [[ " $* " == *" $service "* ]]; then apt_new_services+=("$service"); fi
    done
    # Unattended upgrades may be at work: their lock is waited for.
    local apt=("${apt_as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
    # Lists may be absent (fresh container) or old; try without an update first, it is the slow part.
    if ! with_progress "system packages: $*" "${apt[@]}" install --no-install-recommends "$@" 2>/dev/null; then
        with_progress "system packages: refreshing the package lists" "${apt[@]}" update ||
            fail "apt-get update failed" "check the network, then run scripts/setup again"
        with_progress "system packages: $*" "${apt[@]}" install --no-install-recommends "$@" ||
            fail "apt-get could not install: $*" "check the network, then run scripts/setup again" "or: sudo $install"
    fi
    undo_apt_guard
    trap stop_running EXIT
}

# Services must not start because their package was installed: a policy-rc.d that says so, for as long as apt runs.
set_apt_guard() {
    if [[ -e $APT_GUARD ]] && ! grep -qF "$APT_GUARD_MARK" "$APT_GUARD"; then return; fi
    apt_guard_set=yes
    printf '#!/bin/sh\n%s\nexit 101\n' "$APT_GUARD_MARK" | "${apt_as[@]}" tee "$APT_GUARD" >/dev/null
    "${apt_as[@]}" chmod 755 "$APT_GUARD"
}

# Takes the guard away, and keeps services that came with this run from starting at the next boot.
undo_apt_guard() {
    if [[ -n $apt_guard_set ]]; then
        "${apt_as[@]}" rm -f "$APT_GUARD"
        apt_guard_set=
    fi
    local service
    for service in "${apt_new_services[@]}"; do
        keep_from_starting "$service"
    done
    apt_new_services=()
}

# keep_from_starting SERVICE: now and at boot, under systemd, under System V init, and in an image that has neither yet.
keep_from_starting() {
    if [[ -d /run/systemd/system ]]; then
        "${apt_as[@]}" systemctl disable --now "$1.service" || true
    else
        "${apt_as[@]}" deb-systemd-helper disable "$1.service" || true
    fi >/dev/null 2>&1
    "${apt_as[@]}" update-rc.d "$1" disable >/dev/null 2>&1 || true
}
