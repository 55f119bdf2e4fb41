"""Who publishes releases for the device of the story: keys, a repository, and the web server that hands it
out, all through the commands that a publisher would use."""

from __future__ import annotations

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from agent import __version__
from firmware_update.archive import CONTENT
from scripts.story.corner_shop import ROOT, run

_HEARS = "def _is_sound(samples: Float32) -> bool:\n"
_DEAF = _HEARS + "    return False\n"


class Publisher:
    """`url` and `pinned_root` are what a device needs to know."""

    def __init__(self, folder: Path) -> None:
        """Raises SetupError."""
        folder.mkdir(parents=True)
        self._folder, self._keys = folder, folder / "keys"
        self._repository = folder / "repository"
        run("firmware_update.release", "keys", str(self._keys))
        run("firmware_update.release", "found", str(self._repository), "--keys", str(self._keys))
        handler = partial(_Quiet, directory=str(self._repository))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def pinned_root(self) -> Path:
        """The root metadata for paths.update_root_file."""
        return self._repository / "metadata" / "1.root.json"

    def build(self, version: str, *, deaf: bool = False) -> Path:
        """The archive of this checkout as that version."""
        source = changed_checkout(self._folder / f"source-{version}", version, deaf=deaf)
        archive = self._folder / f"release-{version}.tar.gz"
        run("firmware_update.release", "build", str(source), str(archive), "--version", version)
        return archive

    def offer(self, version: str, *, deaf: bool = False) -> None:
        """Signs it into the repository."""
        archive = self.build(version, deaf=deaf)
        run("firmware_update.release", "sign", str(self._repository), str(archive), "--keys", str(self._keys))

    def close(self) -> None:
        """Ends the web server."""
        self._server.shutdown()
        self._server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


def changed_checkout(folder: Path, version: str, *, deaf: bool = False) -> Path:
    """A copy of what a release holds, of that version. `deaf`: it starts, and its recogniser hears
    nothing."""
    copied_checkout(folder)
    replace(folder / "agent" / "__init__.py", f'__version__ = "{__version__}"', f'__version__ = "{version}"')
    if deaf:
        replace(folder / "agent" / "hearing" / "recogniser.py", _HEARS, _DEAF)
    return folder


def copied_checkout(folder: Path) -> Path:
    """A copy of what a release holds, to be changed."""
    for name in CONTENT:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder


def replace(path: Path, old: str, new: str) -> None:
    """In the text of a file. Raises ValueError where `old` does not stand there."""
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise ValueError(f"{path} has no {old!r}")
    path.write_text(text.replace(old, new), encoding="utf-8")
