"""What each process may touch: the table of rights, and the tighter filter that a process puts on itself.

`agent.plumbing.launcher` puts a profile in force before the process starts. Paths in a profile may hold the
fields of `settings.paths`, `{settings_file}`, the site broker's `{site_ca_file}` and
`{site_password_file}`, `{home}`, `{lamp}`, `{alsa_config}` (ALSA_CONFIG_PATH) and `{runtime_dir}`
(XDG_RUNTIME_DIR).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from agent.plumbing import refusals
from agent.plumbing.errors import IpcError, SandboxError
from agent.plumbing.key_settings import Keys
from agent.plumbing.landlock import DEVICE, LIST, READ, READ_WRITE, RUN, Access, Ruleset
from agent.plumbing.memfd import read_sealed
from agent.plumbing.seccomp import Refusal, compile_filter, load_filter
from agent.plumbing.settings import Settings

TIGHT_FILTER_FD = "EARMARK_TIGHT_FILTER_FD"
"""The environment variable by which the launcher names the sealed memfd that holds the tight filter."""

READY_FD = "EARMARK_READY_FD"
"""The environment variable that names the socket on which `tighten` says that the process is ready."""

_LONGEST_FILTER_BYTES = 64 * 1024
_PR_SET_DUMPABLE = 4
_DNS_PORT = 53
_ANY_PORT = 0


@dataclass(frozen=True)
class Profile:
    """The rights of one process; everything that is not named is refused."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    links: tuple[str, ...] = ()  # folders to write to that symbolic links may be made in, too
    devices: tuple[str, ...] = ()
    run: tuple[str, ...] = ()  # programs, until the tight filter ends that
    # TCP to the port of that section (of [update] url), and name servers
    reaches: Literal["", "broker", "site_broker", "repository"] = ""
    environment: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    refused_when_tight: tuple[Refusal, ...] = ()


_NETWORK_FILES = (
    *("/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf"),
    *("/etc/services", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/usr/share/ca-certificates"),
)

PROFILES: dict[str, Profile] = {
    "voice": Profile(
        read=(
            "{models_dir}",
            "/sys/bus/pci/devices",  # ONNX Runtime lists it and complains where it cannot
            *(
                "/etc/alsa",
                "/etc/asound.conf",
                "/usr/share/alsa",
                "/proc/asound",
                "{home}/.asoundrc",
                "{alsa_config}",
            ),
            *("/etc/pulse", "{home}/.config/pulse", "{runtime_dir}/pulse", "/etc/machine-id", "/etc/passwd"),
        ),
        devices=("/dev/snd",),
        run=("/sbin/ldconfig",),  # sounddevice asks it where PortAudio is
        environment=("ALSA_CONFIG_PATH", "PULSE_SERVER", "PULSE_SINK", "PULSE_SOURCE", "XDG_RUNTIME_DIR"),
        refused=(*refusals.NO_NETWORK, *refusals.NO_FILE_RIGHTS, *refusals.NO_CLOCK),
        refused_when_tight=(*refusals.NO_CHILDREN, *refusals.NO_NEW_SOCKETS),
    ),
    "till": Profile(
        read=(
            *("{keys_dir}/signing.pem", "{keys_dir}/signing.tpm", "{keys_dir}/pkcs11.pin"),
            *("{trust_file}", "{catalogue_file}", "{details_file}", "{policy_file}"),
            "/etc/passwd",  # under systemd: which uid a neighbour has
        ),
        write=("{state_dir}/till", "{lamp}"),
        environment=("SOFTHSM2_CONF",),  # the library of a software token asks for it
        refused=(*refusals.NO_NETWORK, *refusals.NO_FILE_RIGHTS),
        refused_when_tight=(*refusals.NO_CHILDREN, *refusals.NO_NEW_SOCKETS),
    ),
    "uplink": Profile(
        read=("{keys_dir}/mqtt.key", "{keys_dir}/mqtt.crt", "{trust_file}", *_NETWORK_FILES),
        write=("{state_dir}/uplink",),  # renewed certificates
        reaches="broker",
        refused=(*refusals.ONLY_INTERNET, *refusals.NO_FILE_RIGHTS, *refusals.NO_CLOCK),
        refused_when_tight=(*refusals.NO_CHILDREN, *refusals.NO_SERVING, *refusals.NO_UNIX_SOCKETS),
    ),
    "sensors": Profile(
        read=("{site_ca_file}", "{site_password_file}", *_NETWORK_FILES),
        reaches="site_broker",
        refused=(*refusals.ONLY_INTERNET, *refusals.NO_FILE_RIGHTS, *refusals.NO_CLOCK),
        refused_when_tight=(*refusals.NO_CHILDREN, *refusals.NO_SERVING, *refusals.NO_UNIX_SOCKETS),
    ),
    "touch": Profile(
        devices=("/dev/input",),
        refused=(*refusals.NO_NETWORK, *refusals.NO_FILE_RIGHTS, *refusals.NO_CLOCK),
        refused_when_tight=(*refusals.NO_CHILDREN, *refusals.NO_NEW_SOCKETS),
    ),
    "updater": Profile(
        read=("{update_root_file}", "{code_root}/firmware_update", *_NETWORK_FILES),
        links=("{slots_dir}/incoming",),
        reaches="repository",
        refused=(*refusals.ONLY_INTERNET, *refusals.NO_FILE_RIGHTS, *refusals.NO_CLOCK),
        refused_when_tight=(*refusals.NO_CHILDREN, *refusals.NO_SERVING, *refusals.NO_UNIX_SOCKETS),
    ),
}
PROFILES["health"] = replace(
    PROFILES["voice"],
    read=(
        *PROFILES["voice"].read,
        *("{catalogue_file}", "{state_dir}/till/catalogue.json"),
        *("{state_dir}/till/journal.db", "{state_dir}/till/journal.db-wal"),
        "{code_root}/firmware_update",
    ),
    write=("{slots_dir}/scratch",),
)

_EVERYBODY_READS = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/ld.so.preload"),
    *("/usr/share/zoneinfo", "/etc/localtime", "/dev/urandom", "/dev/random", "/dev/zero", "{settings_file}"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/kernel/random/boot_id"),
    *("/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu", "/sys/devices/system/node"),
)
_EVERYBODY_USES = ("/dev/null",)
_LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")


def profile_named(name: str) -> Profile:
    """Raises SandboxError sandbox_unknown_profile."""
    try:
        return PROFILES[name]
    except KeyError:
        known = ", ".join(PROFILES)
        raise SandboxError("sandbox_unknown_profile", f"no profile {name!r}", f"one of {known}") from None


def ruleset_for(profile: Profile, settings: Settings, settings_file: Path) -> Ruleset:
    """The Landlock rules of `profile` for this interpreter, this code and these settings."""
    names = {field: getattr(settings.paths, field) for field in settings.paths.__struct_fields__}
    names["details_file"] = settings.paths.details_file
    names["settings_file"], names["code_root"] = str(settings_file), str(code_root())
    names["site_ca_file"] = settings.site_broker.ca_file or "/nonexistent"
    names["site_password_file"] = settings.site_broker.password_file or "/nonexistent"
    names["home"] = os.environ.get("HOME") or "/nonexistent"
    lamp = settings.feedback.lamp
    names["lamp"] = str(Path("/sys/class/leds", lamp).resolve()) if lamp else "/nonexistent"
    names["alsa_config"] = os.environ.get("ALSA_CONFIG_PATH") or "/nonexistent"
    names["runtime_dir"] = os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent"
    keys = settings.keys if profile is PROFILES["till"] else Keys()
    rights = (
        (_EVERYBODY_READS, READ),
        (_EVERYBODY_USES, DEVICE),
        (profile.read, READ),
        (profile.write, READ_WRITE),
        (profile.links, READ_WRITE | Access.MAKE_SYM),
        (profile.devices, DEVICE),
        (settings.touch.devices if profile is PROFILES["touch"] else (), DEVICE),
        (keys.reads, READ),
        (keys.writes, READ_WRITE),
        (keys.devices, DEVICE),
        (profile.run, RUN),
    )
    paths = tuple((path.format_map(names), access) for group, access in rights for path in group)
    ports = (*_ports(profile.reaches, settings), _DNS_PORT) if profile.reaches else ()
    return Ruleset(
        (*paths, *_interpreter_paths(), *_code_paths()), ports, (_ANY_PORT,) if profile.reaches else ()
    )


def _ports(reaches: str, settings: Settings) -> tuple[int, ...]:
    if reaches == "repository":
        url = urlsplit(settings.update.url)
        return (url.port or (80 if url.scheme == "http" else 443),)
    if reaches == "broker":
        return tuple(port for _, port in settings.broker.addresses)
    return (settings.site_broker.port,)


def _interpreter_paths() -> tuple[tuple[str, Access], ...]:
    """This Python: its program, its libraries, its virtual environment."""
    folders = {sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {str(sysconfig.get_config_var("LIBDIR") or "")} - {""}
    programs = {os.path.realpath(sys.executable), *_LOADERS}
    return (
        *((folder, READ) for folder in sorted(folders)),
        *((program, RUN) for program in sorted(programs)),
        (str(Path(sys.prefix) / "pyvenv.cfg"), READ),
    )


def code_root() -> Path:
    """The folder that holds the `agent` package: a checkout, or site-packages."""
    return Path(__file__).resolve().parents[2]


def import_paths() -> tuple[str, ...]:
    """What PYTHONPATH must hold for the code to be found: nothing where it is installed in site-packages."""
    root = str(code_root())
    return () if root == sysconfig.get_path("purelib") else (root,)


def _code_paths() -> tuple[tuple[str, Access], ...]:
    """In a checkout the import system lists the root, so names below it can be seen; contents cannot."""
    root = code_root()
    return ((str(root), LIST), (str(root / "agent"), READ), (str(root / "models" / "models.toml"), READ))


def first_filter(profile: Profile, pid: int) -> bytes:
    """The filter that the process `pid` starts under. Raises SandboxError."""
    return compile_filter((*refusals.NOBODY, *refusals.no_signals_to_others(pid), *profile.refused))


def tight_filter(profile: Profile) -> bytes:
    """The filter for `tighten`. Raises SandboxError."""
    return compile_filter(profile.refused_when_tight)


def tighten(profile: str) -> None:
    """To be called once by a process of that profile when its models are loaded and its own sockets are made.

    From here on no thread of it starts a program or a process or (voice, till) makes a socket; threads can
    still be started and handed-over connections used. Nor can a neighbour of the same user read its memory.
    The supervisor is told that the process is ready. Outside the launcher only this second filter is in
    force. Raises SandboxError.
    """
    program = handed_over_filter() or tight_filter(profile_named(profile))
    if number := os.environ.pop(TIGHT_FILTER_FD, ""):
        os.close(int(number))
    load_filter(program, all_threads=True)
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if number := os.environ.pop(READY_FD, ""):
        with contextlib.suppress(OSError):  # the supervisor is gone, and so are we in a moment
            os.write(int(number), b"1")
        os.close(int(number))


def handed_over_filter() -> bytes:
    """The tight filter that the launcher compiled; b'' outside the launcher. Raises SandboxError
    sandbox_filter_unusable."""
    number = os.environ.get(TIGHT_FILTER_FD, "")
    if not number:
        return b""
    try:
        return read_sealed(int(number), _LONGEST_FILTER_BYTES)
    except IpcError as error:
        raise SandboxError("sandbox_filter_unusable", error.detail, "earmark run") from error


def code_only() -> Ruleset:
    """Landlock rules of a process that reads its own code and the system's libraries, and nothing else."""
    system = ((path, READ) for path in _EVERYBODY_READS if "{" not in path)
    code = ((path, access & ~Access.EXECUTE) for path, access in (*_interpreter_paths(), *_code_paths()))
    return Ruleset((*system, *code))
