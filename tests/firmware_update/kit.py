"""A publisher with real keys and a real repository, the web server that hands it out, and devices."""

from __future__ import annotations

import hashlib
import shutil
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agent.plumbing.errors import UpdateError
from agent.plumbing.settings_file import default_models_dir
from firmware_update.archive import CONTENT, build_archive
from firmware_update.client import Fetched, Wanted, fetch_release
from firmware_update.fetchers import LimitedFetcher
from firmware_update.releases import Floor, Release
from firmware_update.repository import Repository, create_keys
from firmware_update.slots import Slots
from scripts.story.publisher import changed_checkout

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = Path(sys.prefix)
MODELS = default_models_dir()
LARGEST = 64_000_000
NOW_S = int(time.time())
HARDWARE = "generic"
Handler = Callable[..., SimpleHTTPRequestHandler]


def release(version: str, *, hardware: str = HARDWARE, epoch: int = 0, built_s: int = NOW_S - 60) -> Release:
    return Release(version, hardware, epoch, built_s)


def small_source(folder: Path, *, lock: str = "") -> Path:
    """What an archive has to hold, and nothing in it: for tests that never start it."""
    for name in CONTENT:
        path = folder / name if "." in name or name == "LICENSE" else folder / name / "__init__.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
    (folder / "requirements.lock").write_text(lock or (ROOT / "requirements.lock").read_text())
    return folder


@dataclass
class Publisher:
    """Keys and a repository below `folder`."""

    folder: Path
    days: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        create_keys(self.keys)
        self.repository().found()
        small_source(self.folder / "source")

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def served(self) -> Path:
        return self.folder / "repository"

    @property
    def root(self) -> bytes:
        return (self.served / "metadata" / "1.root.json").read_bytes()

    def repository(self, **days: float) -> Repository:
        return Repository(self.served, self.keys, datetime.now(UTC), days or self.days)

    def offer(self, what: Release, source: Path | None = None) -> bytes:
        archive = build_archive(source or self.folder / "source", what)
        self.repository().sign_release(archive, what)
        return archive

    def offered_file(self) -> Path:
        """The archive that was offered last, as it is handed out."""
        return max((self.served / "targets").rglob("*.tar.gz"), key=lambda path: path.stat().st_mtime_ns)


class Quiet(SimpleHTTPRequestHandler):
    """Hands out files, and says nothing about it."""

    def log_message(self, *_: object) -> None: ...


@contextmanager
def web_server(
    folder: Path, handler: type[Quiet] = Quiet, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Its address, on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        socketserver.TCPServer.server_close(server)


@dataclass
class Client:
    """One device's side of the download, without its processes."""

    folder: Path
    root: bytes
    floor: Floor = field(default_factory=Floor)
    running: Release | None = None
    hardware: str = HARDWARE
    rejected: tuple[str, ...] = ()
    largest_bytes: int = LARGEST
    stall_seconds: float = 20.0
    total_seconds: float = 60.0

    @property
    def archive(self) -> Path:
        return self.folder / "release.tar.gz"

    @property
    def metadata(self) -> Path:
        return self.folder / "metadata"

    def fetch(self, url: str, *, now_s: int | None = None) -> Fetched:
        self.folder.mkdir(exist_ok=True)
        fetcher = LimitedFetcher(
            self.folder, stall_seconds=self.stall_seconds, total_seconds=self.total_seconds
        )
        wanted = Wanted(self.hardware, self.floor, self.running, self.rejected, self.largest_bytes)
        moment = int(time.time()) if now_s is None else now_s
        fetched = fetch_release(
            wanted,
            fetcher,
            url=url,
            pinned_root=self.root,
            metadata_dir=self.metadata,
            archive=self.archive,
            now_s=moment,
        )
        self.floor = self.floor.after_check(fetched.metadata, moment)
        return fetched

    def leftovers(self) -> list[str]:
        """Files other than python-tuf's cache."""
        return sorted(path.name for path in self.folder.iterdir() if path != self.metadata)


def refused(client: Client, url: str, *, now_s: int | None = None) -> str:
    """The code with which the fetch ends; nothing that could be installed is left."""
    with pytest.raises(UpdateError) as caught:
        client.fetch(url, now_s=now_s)
    assert caught.value.detail and caught.value.next_step
    assert client.leftovers() == []
    return caught.value.code


def device(folder: Path, publisher: Publisher, url: str, **update: object) -> Path:
    """A settings file of a device that takes updates from `url`; audio is fed in."""
    state = folder / "var"
    state.mkdir(parents=True)
    (state / "update-root.json").write_bytes(publisher.root)
    shutil.copy(ROOT / "order_backend/catalogues/corner_shop.json", state / "catalogue.json")
    settings = folder / "earmark.toml"
    lines = [f"{key} = {value!r}".replace("'", '"') for key, value in update.items()]
    settings.write_text('[audio]\nsource = "fd:9"\n' + "\n".join(["[update]", f'url = "{url}"', *lines, ""]))
    return settings


def soon_proven(folder: Path, publisher: Publisher, url: str) -> Path:
    """A `device` that runs 0.1.0, this checkout, and examines a release once and with one model: loading them
    is what takes long. `docs/updating.md` is run with what holds where nothing is set."""
    settings = device(folder, publisher, url, health_seconds=60, tries=1)
    settings.write_text(f"[asr]\nsecond_opinion = false\n{settings.read_text()}")
    found(Slots(folder / "var" / "slots", MODELS), build_archive(ROOT, release("0.1.0")))
    return settings


def found(slots: Slots, archive: bytes) -> None:
    """The first release of a device."""
    slots.folder.mkdir(parents=True, exist_ok=True)
    file = slots.folder / "first.tar.gz"
    file.write_bytes(archive)
    slots.bring(file, ENVIRONMENT, largest_bytes=LARGEST)
    file.unlink()


def install(slots: Slots, archive: bytes, expected: Release) -> str:
    """The slot into which `archive` went."""
    file = slots.folder.parent / "new.tar.gz"
    file.write_bytes(archive)
    return slots.install(file, hashlib.sha256(archive).hexdigest(), expected, largest_bytes=LARGEST)


def digest(folder: Path) -> dict[str, bytes | str]:
    """Every file and link below `folder`, with its content."""
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def offer_deaf(publisher: Publisher, version: str) -> None:
    """A release that is well signed, starts, and hears nothing."""
    source = changed_checkout(publisher.folder / f"deaf-{version}", version, deaf=True)
    publisher.offer(release(version), source)


def run(settings: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`earmark-update`."""
    return subprocess.run(command(settings, *words), cwd=ROOT, capture_output=True, text=True, check=False)


def command(settings: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "firmware_update.cli", "-s", str(settings), *words]
