"""The fetching process, taken over: it gains no release, and reaches little."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.committing.journal import FILE_NAME
from agent.plumbing.errors import UpdateError
from firmware_update.client import Wanted, fetch_release
from firmware_update.fetchers import FolderFetcher
from firmware_update.releases import Floor
from tests.firmware_update import kit
from tests.firmware_update.kit import NOW_S, ROOT, Client, Publisher, release
from tests.plumbing.sandboxes import NEEDS_LANDLOCK


@pytest.mark.parametrize("forged", ["archive", "metadata"])
def test_a_fetching_process_that_was_taken_over_gains_no_release(
    publisher: Publisher, url: str, client: Client, tmp_path: Path, forged: str
) -> None:
    """Whatever it leaves behind is verified again, from the pinned root on, by the process that installs."""
    publisher.offer(release("0.2.0"))
    client.fetch(url)
    if forged == "archive":
        client.archive.write_bytes(client.archive.read_bytes()[:-1] + b"x")
    else:
        path = client.metadata / "targets.json"
        path.write_text(path.read_text().replace("0.2.0", "9.9.9"))
    with pytest.raises(UpdateError, match="update_tampered"):
        fetch_release(
            Wanted(kit.HARDWARE, Floor(), None, (), kit.LARGEST),
            FolderFetcher(client.metadata, client.archive, scratch=tmp_path),
            url="folder:",
            pinned_root=publisher.root,
            metadata_dir=tmp_path / "second",
            archive=tmp_path / "release.tar.gz",
            now_s=NOW_S,
        )
    assert not (tmp_path / "release.tar.gz").exists()


ATTACK = """
import json, os, socket, sys
from pathlib import Path
from agent.plumbing import sandbox
slots, keys, state, repository, other = sys.argv[1:]
sandbox.tighten("updater")
def connect(port):
    with socket.create_connection(("127.0.0.1", int(port)), 5): pass
def listen():
    with socket.socket() as s: s.bind(("127.0.0.1", 0)); s.listen(1)
attempts = {
    "write to incoming": lambda: Path(slots, "incoming", "x").write_text("x"),
    "link in incoming": lambda: Path(slots, "incoming", "l").symlink_to("x"),
    "reach the repository": lambda: connect(repository),
    "reach another port": lambda: connect(other),
    "listen": listen,
    "write to the running slot": lambda: Path(slots, "a", "agent", "x").write_text("x"),
    "change the state": lambda: Path(slots, "state.json").write_text("{}"),
    "lower the floor": lambda: Path(slots, "floor.json").unlink(),
    "turn the link": lambda: Path(slots, "current").unlink(),
    "read the signing key": lambda: Path(keys, "signing.pem").read_bytes(),
    "read the journal": lambda: Path(state, "till", "journal.db").read_bytes(),
    "open the microphone": lambda: os.open("/dev/snd/pcmC0D0c", os.O_RDONLY),
    "run a shell": lambda: os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "exit 0"], {}), 0),
}
def outcome(attempt):
    try: attempt()
    except Exception as error: return type(error).__name__
    return ""
print(json.dumps({name: outcome(attempt) for name, attempt in attempts.items()}))
"""


@NEEDS_LANDLOCK
def test_the_process_with_the_network_reaches_only_the_repository_and_its_own_folder(
    publisher: Publisher, url: str, settings: Path, tmp_path: Path
) -> None:
    var = settings.parent / "var"
    for path in (var / "keys" / "signing.pem", var / "till" / FILE_NAME):
        path.parent.mkdir()
        path.write_text("private")
    (var / "slots" / "incoming").mkdir()
    with kit.web_server(tmp_path) as other:
        ports = [address.rpartition(":")[2] for address in (url, other)]
        launcher = [sys.executable, "-P", "-m", "agent.plumbing.launcher", "--profile", "updater"]
        words = [str(var / "slots"), str(var / "keys"), str(var), *ports]
        ended = subprocess.run(
            [*launcher, "--settings", str(settings), "--", sys.executable, "-c", ATTACK, *words],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    got_through = {name for name, stopped_by in json.loads(ended.stdout).items() if not stopped_by}
    assert got_through == {"write to incoming", "link in incoming", "reach the repository"}
