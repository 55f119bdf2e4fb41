"""A private mosquitto for one shop: mutual TLS 1.3, and an access list that binds each certificate to its
own topics.

It listens on 127.0.0.1 and lives in the shop's folder; a mosquitto that the system runs is never touched.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from agent.plumbing.errors import ConfigurationError
from order_backend.broker_files import write_broker_files
from order_backend.database import DatabaseError
from order_backend.folder import ShopFolder, write_file
from order_backend.provisioning import write_revocations

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 10.0
_LOOK_EVERY_S = 1.0
_SIGNAL_PATIENCE_S = 2.0
_MOST_CRASHES = 5
_CRASHES_WITHIN_S = 60.0
LARGEST_LOG_BYTES = 10 << 20
"""Of mosquitto's own log: whoever connects over and over writes lines into it."""

log = logging.getLogger("order_backend.broker")


class PrivateBroker:
    """`with PrivateBroker(folder) as broker:` or start() and stop(). `port` 0 takes a free one and keeps
    it."""

    def __init__(self, folder: ShopFolder, port: int = 0) -> None:
        self._folder = folder
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._asked_to_stop = False
        self._crashed_at: deque[float] = deque(maxlen=_MOST_CRASHES)

    def start(self) -> None:
        """Returns once it accepts connections. Raises ConfigurationError broker_missing, broker_start."""
        if self._process is not None:
            return
        _restart_file(self._folder).unlink(missing_ok=True)
        self._renew_revocations()
        configuration = write_broker_files(self._folder, self.port)
        command = ends_with_parent([mosquitto_path(), "-c", str(configuration)])
        with _log_file(self._folder).open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        write_file(_pid_file(self._folder), b"%d\n" % self._process.pid)
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
                if _reloads_by_signal(self._process.pid):
                    return
            except OSError:
                pass
            time.sleep(0.02)
        self.stop()
        last = _log_file(self._folder).read_text(errors="replace").splitlines()[-3:]
        raise ConfigurationError("broker_start", "mosquitto did not start: " + " / ".join(last))

    def stop(self) -> None:
        """Ends it, with its sessions and retained messages saved."""
        process, self._process = self._process, None
        if process is not None:
            end_process(process, STOP_TIMEOUT_S)

    def ask_to_stop(self) -> None:
        """`stop` without waiting: safe in a signal handler."""
        self._asked_to_stop = True
        if self._process is not None:
            self._process.terminate()

    def reload(self) -> None:
        """Reads the access and revocation lists anew; live sessions go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def wait(self) -> int:
        """Until it ends; its exit code."""
        return self._process.wait() if self._process is not None else 0

    def revive(self) -> bool:
        """Starts it again where a signal has ended it that nobody here has sent; whether it has. Mosquitto
        2.0.11, Debian 12's, dies now and then (SIGSEGV) of a SIGHUP that comes while devices connect. Raises
        ConfigurationError broker_start, also at the fifth such end within a minute."""
        process = self._process
        if process is None or self._asked_to_stop or (code := process.poll()) is None or code >= 0:
            return False
        self._process = None
        self._crashed_at.append(now_s := time.monotonic())
        if len(self._crashed_at) == _MOST_CRASHES and now_s - self._crashed_at[0] < _CRASHES_WITHIN_S:
            raise ConfigurationError(
                "broker_start",
                f"mosquitto was ended by {signal.Signals(-code).name}, {_MOST_CRASHES} times within a minute",
                f"look at {_log_file(self._folder)}",
            )
        log.warning("broker_crashed by %s; it is started again", signal.Signals(-code).name)
        self.start()
        return True

    def serve(self) -> int:
        """Until it ends; its exit code. Restarted meanwhile where that is asked for (a mosquitto that reloads
        takes up authorities, and lets go of none), and where it has crashed. Raises as `revive` does."""
        while self._process is not None and not self._asked_to_stop:
            try:
                code = self._process.wait(_LOOK_EVERY_S)
                if not self.revive():
                    return code
            except subprocess.TimeoutExpired:
                bound_log(self._folder)
                if _restart_file(self._folder).exists():
                    log.info("broker_restarts as it was asked to")
                    self.stop()
                    self.start()
        return 0

    def _renew_revocations(self) -> None:
        try:
            write_revocations(self._folder, now=datetime.now(UTC))
        except (ConfigurationError, DatabaseError) as error:
            if getattr(error, "code", "shop_database") != "shop_database":
                raise
            # Each `revoke` writes the list, so it lacks nothing; it only gets old without a broker's start.
            if not self._folder.revocations.exists():
                raise
            log.warning("revocations_not_renewed the database is away: the list that there is stays")

    def __enter__(self) -> PrivateBroker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def ends_with_parent(command: list[str]) -> list[str]:
    """The command, which then gets SIGTERM when the thread that starts it ends, however that ends (Linux;
    util-linux' setpriv)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--", *command] if setpriv else command


def end_process(process: subprocess.Popen[bytes], seconds: float) -> None:
    """SIGTERM, and SIGKILL where it has not ended within that time. Returns when it has."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def reload_broker(folder: ShopFolder) -> bool:
    """Has the shop's private broker read its lists and certificates anew, whichever process started it;
    False where none runs on this machine."""
    configuration = str(folder.broker / "mosquitto.conf").encode()
    try:
        pid = int(_pid_file(folder).read_text("ascii"))
        process = os.pidfd_open(pid)
    except (OSError, ValueError):
        return False
    try:
        # A process id is used again; that of another program is left alone.
        if configuration not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            return False
        deadline = time.monotonic() + _SIGNAL_PATIENCE_S
        while not _reloads_by_signal(pid):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        signal.pidfd_send_signal(process, signal.SIGHUP)
    except OSError:
        return False
    finally:
        os.close(process)
    return True


def bound_log(folder: ShopFolder) -> None:
    """Begins mosquitto's log anew where it has grown too long; what it was is kept beside it until then."""
    file = _log_file(folder)
    if file.exists() and file.stat().st_size > LARGEST_LOG_BYTES:
        with contextlib.suppress(OSError):  # no room: what comes is worth more than what was
            shutil.copyfile(file, file.with_name(f"{file.name}.1"))
        os.truncate(file, 0)  # mosquitto appends


def ask_for_restart(folder: ShopFolder) -> None:
    """Of the shop's private broker, by whoever runs it with `serve`."""
    write_file(_restart_file(folder), b"")


def _restart_file(folder: ShopFolder) -> Path:
    return folder.broker / "restart"


def _reloads_by_signal(pid: int) -> bool:
    """mosquitto listens a moment before it catches signals: a SIGHUP in between would end it."""
    status = Path(f"/proc/{pid}/status").read_text("ascii", errors="replace")
    caught = next((line for line in status.splitlines() if line.startswith("SigCgt:")), "SigCgt: 0")
    return bool(int(caught.split()[1], 16) & 1 << signal.SIGHUP - 1)


def _log_file(folder: ShopFolder) -> Path:
    return folder.broker / "broker.log"


def _pid_file(folder: ShopFolder) -> Path:
    return folder.broker / "broker.pid"


def mosquitto_path() -> str:
    """Where mosquitto is; Debian keeps it outside a user's PATH. Raises ConfigurationError broker_missing."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("mosquitto", path=places)
    if found is None:
        raise ConfigurationError("broker_missing", "mosquitto is not installed", "apt-get install mosquitto")
    return found


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
