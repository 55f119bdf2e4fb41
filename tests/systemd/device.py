"""A provisioned device whose services are started as its unit files say, by a test in the place of systemd.

What is real: the unit files' commands, sockets and names, users, credentials, heartbeat, environment, the
system call filter, memory that cannot be written and run, private network and /proc. What is not: cgroups
(memory and device limits), the unit's mounts but /proc, user namespaces.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from agent import __version__
from agent.committing.keys import create_device_keys, store_client_certificate
from agent.plumbing import operator
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.settings_file import default_models_dir
from firmware_update.archive import build_archive
from firmware_update.releases import Release
from firmware_update.slots import Slots
from order_backend.folder import ShopFolder
from order_backend.provisioning import admit, create_shop
from tests.systemd.units import ROOT, Unit
from tests.systemd.users import USERS, python_for_others

PATIENCE_S = 240.0
"""A deadline for a hang, not a measure of speed."""

CATALOGUE = ROOT / "order_backend" / "catalogues" / "corner_shop.json"


def _may_confine() -> bool:
    """Whether this process may make mounts and networks (root outside of a container that forbids it)."""
    if os.geteuid() != 0 or shutil.which("systemd-analyze") is None:
        return False
    probe = "import ctypes; raise SystemExit(ctypes.CDLL(None).unshare(0x40020000) != 0)"
    return subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


CONFINED = _may_confine()


class Service:
    """One started unit."""

    def __init__(self, process: subprocess.Popen[bytes], notify: socket.socket, log: Path) -> None:
        self.process, self._notify, self._log = process, notify, log

    def told(self) -> str:
        """The next thing it tells systemd. Fails when it has ended or tells nothing for very long."""
        self._notify.settimeout(1.0)
        for _ in range(int(PATIENCE_S)):
            with contextlib.suppress(TimeoutError):
                return self._notify.recv(4096).decode()
            assert self.process.poll() is None, self.log()
        raise AssertionError(f"told nothing for {PATIENCE_S} s\n{self.log()}")

    def silent_for(self, seconds: float) -> bool:
        """Nothing comes for so long (what was on its way before is thrown away)."""
        self._notify.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._notify.recv(4096)
        self._notify.settimeout(seconds)
        try:
            self._notify.recv(4096)
        except TimeoutError:
            return True
        return False

    def log(self) -> str:
        return self._log.read_text("utf-8")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._notify.close()


class Device:
    """Paths of the units are moved below one folder that other users may enter. `installed` is the scratch
    root of scripts/install that its interpreter and code are taken from; without one, this checkout's.
    """

    def __init__(self, folder: Path, installed: Path | None = None) -> None:
        self.folder, self._count = folder, 0
        self.room, self._audio = socket.socketpair()
        self._audio_fd = _out_of_the_way(self._audio)
        self.services: dict[str, Service] = {}
        for name in ("run", "lib", "lib/till", "lib/keys", "credentials"):
            (folder / name).mkdir()
        self.python = str(
            installed / "opt/earmark/venv/bin/python" if installed else python_for_others(folder)
        )
        self._slots = installed / "opt/earmark/slots" if installed else self._unpacked(folder)
        self._import_from = {} if installed else {"PYTHONPATH": str(ROOT)}
        self.settings = folder / "earmark.toml"
        self.keys = folder / "lib" / "keys"
        self._provision()
        self._listeners = {
            name: self._listen(name) for name in ("voice", "uplink", "sensors", "touch", "operator")
        }

    def _unpacked(self, folder: Path) -> Path:
        """Slots with this checkout in the first."""
        archive, slots = folder / "release.tar.gz", Slots(folder / "slots", default_models_dir())
        archive.write_bytes(build_archive(ROOT, Release(__version__, "generic", 0, 0)))
        slots.folder.mkdir()
        own = Path(sys.prefix) if self.python == sys.executable else Path(self.python).parents[1]
        slots.bring(archive, own, largest_bytes=64_000_000)
        return slots.folder

    def _provision(self) -> None:
        shop_folder = self.folder / "shop"
        now = datetime.now(UTC)
        shop: ShopFolder = create_shop(
            shop_folder, shop_name="Shop", environment="test", catalogue=CATALOGUE, now=now
        )
        admission = admit(shop, "kitchen-1", create_device_keys(self.keys, "kitchen-1"), now=now)
        store_client_certificate(self.keys, admission.certificate_pem)
        (self.folder / "lib" / "trust.json").write_bytes(admission.trust.to_bytes())
        shutil.copy(CATALOGUE, self.folder / "lib" / "catalogue.json")
        self.settings.write_text(
            '[device]\nid = "kitchen-1"\nenvironment = "test"\n'
            '[paths]\nstate_dir = "lib"\nkeys_dir = "lib/keys"\ntrust_file = "lib/trust.json"\n'
            'catalogue_file = "lib/catalogue.json"\n'
            f'[audio]\nsource = "fd:{self._audio_fd}"\nsink = "fd:{self._audio_fd}"\n[broker]\nport = 9\n'
        )
        user = pwd.getpwnam(USERS["earmark-till"])
        os.chown(self.folder / "lib" / "till", user.pw_uid, -1)

    def _listen(self, name: str) -> int:
        """As earmark-till-NAME.socket says, but for the group."""
        unit = Unit(f"earmark-till-{name}.socket")
        assert unit.get("FileDescriptorName") == name
        path = self.path(unit.get("ListenStream"))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            path.chmod(
                0o666
            )  # by users that stand in for the units' own: that the till itself looks is what counts
            listener.listen(4096)
            return _out_of_the_way(listener)

    def path(self, text: str) -> Path:
        """Where a path of the units is here."""
        text = text.replace("/opt/earmark/slots", str(self._slots))
        for installed, here in (("/run/earmark", "run"), ("/var/lib/earmark", "lib")):
            text = text.replace(installed, str(self.folder / here))
        return Path(text.replace("/etc/earmark/earmark.toml", str(self.settings)))

    def start(self, name: str, *, watchdog_s: float = 0.0) -> Service:
        """Starts earmark-NAME.service; it may not be ready yet. `watchdog_s` in place of the unit's own."""
        self._count += 1
        unit = Unit(f"earmark-{name}.service")
        assert unit.get("Type") == "notify"
        user = pwd.getpwnam(USERS[unit.get("User")])
        notify_path, log = self.folder / f"notify-{self._count}", self.folder / f"log-{self._count}"
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(str(notify_path))
        notify_path.chmod(0o666)
        passed = list(self._listeners.values()) if name == "till" else []
        limit_us = int((watchdog_s or float(unit.get("WatchdogSec"))) * 1e6)
        environment = {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            **self._import_from,
            "NOTIFY_SOCKET": str(notify_path),
            "WATCHDOG_USEC": str(limit_us),
            **self._credentials(name, unit, user),
        }
        if passed:
            environment |= {
                "LISTEN_FDS": str(len(self._listeners)),
                "LISTEN_FDNAMES": ":".join(self._listeners),
            }
        plan = {
            "listen": passed,
            "confined": CONFINED,
            "private_network": unit.yes("PrivateNetwork"),
            "proc_subset": unit.get("ProcSubset") == "pid",
            "no_writable_code": unit.yes("MemoryDenyWriteExecute"),
            "calls": sorted(unit.allowed_calls()) if CONFINED else [],
            "uid": user.pw_uid,
            "gid": user.pw_gid,
            "groups": [],
            "environment": environment,
        }
        helper = Path(__file__).parent / "processes" / "as_systemd.py"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [self.python, str(helper), json.dumps(plan), *self._command(name, unit)],
                pass_fds=(*passed, *([self._audio_fd] if name == "voice" else [])),
                stdin=subprocess.DEVNULL,
                stderr=stderr,
            )
        service = Service(process, notify, log)
        if name in self.services:
            self.services.pop(name).close()
        self.services[name] = service
        return service

    def start_ready(self, *names: str, watchdog_s: float = 0.0) -> None:
        for service in [self.start(name, watchdog_s=watchdog_s) for name in names]:
            assert service.told() == "READY=1"

    def _command(self, name: str, unit: Unit) -> list[str]:
        words = [str(self.path(word)) if "/" in word else word for word in unit.command()]
        words = [self.python if word == "/opt/earmark/venv/bin/python" else word for word in words]
        for installed, here in USERS.items():
            words = [word.replace(f"={installed}", f"={here}") for word in words]
        if name == "voice":  # no microphone here: sound comes over a socket
            inner = len(words) - words[::-1].index("--") - 1
            words[inner:inner] = ["--pass-fd", str(self._audio_fd)]
        return words

    def _credentials(self, name: str, unit: Unit, user: pwd.struct_passwd) -> dict[str, str]:
        folder = self.folder / "credentials" / f"earmark-{name}.service"
        for line in unit.all("LoadCredential"):
            credential, _, source = line.partition(":")
            folder.mkdir(exist_ok=True)
            shutil.copyfile(self.path(source), folder / credential)
            (folder / credential).chmod(0o400)
            os.chown(folder / credential, user.pw_uid, -1)
        return {"CREDENTIALS_DIRECTORY": str(folder)} if folder.exists() else {}

    def connect(self, name: str) -> socket.socket:
        """To one of the till's sockets, as this test's user."""
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(PATIENCE_S)
        sock.connect(str(self.folder / "run" / f"{name}.sock"))
        return sock

    def health(self) -> operator.Health:
        """What the till says on the operator socket."""
        with IpcConnection(self.connect("operator"), peer="till") as connection:
            connection.send(operator.AskHealth())
            answer, _ = connection.receive(operator.Health)
        return answer

    def close(self) -> None:
        for service in self.services.values():
            service.close()
        for fd in (*self._listeners.values(), self._audio_fd):
            os.close(fd)
        self.room.close()
        self._audio.close()


def _out_of_the_way(sock: socket.socket) -> int:
    """A copy of its descriptor with a number above those that systemd gives."""
    return fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD_CLOEXEC, 32)


@contextlib.contextmanager
def provisioned_device(installed: Path | None = None) -> Iterator[Device]:
    """In a folder that other users may enter (pytest's own is closed to them)."""
    with tempfile.TemporaryDirectory(prefix="earmark-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        previous = os.umask(0o022)
        try:
            device = Device(folder, installed)
        finally:
            os.umask(previous)
        try:
            yield device
        finally:
            device.close()
