"""What a swap takes: a real till is brought a second catalogue of the same size, and is asked again and again
meanwhile how it is."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np

from agent.bench.made_catalogue import made_catalogue
from agent.committing.keys import create_device_keys, store_client_certificate
from agent.deciding.edition import source_id
from agent.plumbing import messages, operator
from agent.plumbing.child import Child, Program, start_child
from agent.plumbing.errors import CatalogueError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.memfd import sealed_memfd
from agent.plumbing.speaker_models import GE2E
from order_backend.provisioning import admit, create_shop

_DEVICE = "bench"
_START_SECONDS = 600.0
_QUIET_SECONDS = 3.0
_BETWEEN_ASKING_S = 0.002
_BETWEEN_LOOKS_S = 0.01


def run_swap(products: int) -> dict[str, Any]:
    """The real process `till` in its sandbox, with a journal and keys, serves `products` and is brought as
    many under a new version. `voice` is played: it takes a grammar at once.

    "ready_seconds": until the new one is compiled and on disk, "in_use_seconds": and taken up; "answer_ms":
    how long the till took to say how it is, asked every few milliseconds, {"before": {"p50", "max"},
    "meanwhile": the same}: the difference is what the swap keeps its event loop from; "till_mb":
    {"before", "most", "after"}, its resident memory; "compiler_mb": the most of the process that compiles,
    pages included that it shares with the till. Raises CatalogueError bench_swap.
    """
    with TemporaryDirectory() as folder, _till(Path(folder), products) as (child, path):
        sizes = _Sizes(child.process.pid)
        with operator_client(path) as asking:
            before = _answers(asking, threading.Event(), _QUIET_SECONDS)
            sizes.before = sizes.till_mb()
            with operator_client(path) as bringing:
                stages = _Stages(bringing, _catalogue(products, 2))
                watching = threading.Thread(target=sizes.watch, args=(stages.over,), daemon=True)
                watching.start()
                meanwhile = _answers(asking, stages.over, _START_SECONDS)
                watching.join()
        if "in_use" not in stages.seconds:
            raise CatalogueError("bench_swap", stages.problem or "the till did not answer", "earmark doctor")
        return {
            "ready_seconds": round(stages.seconds["waiting"], 2),
            "in_use_seconds": round(stages.seconds["in_use"], 2),
            "answer_ms": {"before": _spread(before), "meanwhile": _spread(meanwhile)},
            "till_mb": {
                "before": round(sizes.before, 1),
                "most": round(sizes.most_till, 1),
                "after": round(sizes.till_mb(), 1),
            },
            "compiler_mb": round(sizes.most_compiler, 1),
        }


def _catalogue(products: int, version: int) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(made_catalogue(products), version=version))


@contextlib.contextmanager
def _till(folder: Path, products: int) -> Iterator[tuple[Child, Path]]:
    """The process, serving, and the path of its operator socket."""
    now = datetime.now(UTC)
    (folder / "prices.json").write_bytes(_catalogue(1, 1))
    shop = create_shop(
        folder / "shop", shop_name="Bench", environment="test", catalogue=folder / "prices.json", now=now
    )
    admission = admit(shop, _DEVICE, create_device_keys(folder / "keys", _DEVICE), now=now)
    store_client_certificate(folder / "keys", admission.certificate_pem)
    (folder / "trust.json").write_bytes(admission.trust.to_bytes())
    (folder / "catalogue.json").write_bytes(_catalogue(products, 1))
    settings = folder / "earmark.toml"
    settings.write_text(
        f'[device]\nid = "{_DEVICE}"\nenvironment = "test"\n[paths]\nstate_dir = "state"\nkeys_dir = "keys"\n'
        'trust_file = "trust.json"\ncatalogue_file = "catalogue.json"\n'
    )
    (folder / "state" / "till").mkdir(mode=0o700, parents=True)
    path = folder / "operator.sock"
    child = start_child("till", Program("till", "agent.till"), settings, time.monotonic())
    voice, voice_end = socket.socketpair()
    try:
        with socket.socket(socket.AF_UNIX) as listener, voice_end:
            listener.bind(str(path))
            listener.listen(8)
            child.control.send(messages.OperatorListener(), (listener.fileno(),))
            child.control.send(messages.Peer("voice"), (voice_end.fileno(),))
        threading.Thread(target=play_voice, args=(IpcConnection(voice, peer="till"),), daemon=True).start()
        with operator_client(path) as client:
            client.send(operator.AskHealth())
            client.receive(operator.Health)
        yield child, path
    finally:
        child.process.kill()
        child.end(_QUIET_SECONDS)
        voice.close()


def play_voice(till: IpcConnection) -> None:
    """In `voice`'s place: hears by whatever it is told to, at once. Until the till is gone."""
    with contextlib.suppress(EOFError):
        till.send(messages.VoiceReady(GE2E))
        while True:
            message, fds = till.receive(messages.TillToVoice)
            for fd in fds:
                os.close(fd)
            if isinstance(message, messages.UseGrammar):
                till.send(messages.GrammarTaken(message.grammar_id))


def operator_client(path: Path) -> IpcConnection:
    """A fresh connection to the operator socket."""
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(path))
    return IpcConnection(sock, peer="till")


def _answers(client: IpcConnection, over: threading.Event, most_seconds: float) -> list[float]:
    """Milliseconds from each question to its answer, until `over`."""
    took, begun = [], time.perf_counter()
    while not over.is_set() and time.perf_counter() - begun < most_seconds:
        asked = time.perf_counter()
        client.send(operator.AskHealth())
        client.receive(operator.Health)
        took.append(1_000 * (time.perf_counter() - asked))
        time.sleep(_BETWEEN_ASKING_S)
    return took


def _spread(took: list[float]) -> dict[str, float]:
    return {"p50": round(float(np.percentile(took, 50)), 1), "max": round(max(took), 1)}


class _Stages:
    """Brings a catalogue, and notes after how many seconds it got where."""

    def __init__(self, client: IpcConnection, source: bytes) -> None:
        self.seconds: dict[str, float] = {}
        self.problem = ""
        self.over = threading.Event()
        fd = sealed_memfd(source)
        self._begun = time.perf_counter()
        client.send(operator.LoadCatalogue(2, source_id(source)), (fd,))
        os.close(fd)
        threading.Thread(target=self._follow, args=(client,), daemon=True).start()

    def _follow(self, client: IpcConnection) -> None:
        with contextlib.suppress(EOFError):
            while "in_use" not in self.seconds and not self.problem:
                news, _ = client.receive(operator.CatalogueAt | operator.Problem)
                if isinstance(news, operator.CatalogueAt):
                    self.seconds[news.stage] = time.perf_counter() - self._begun
                else:
                    self.problem = f"{news.code}: {news.detail}"
        self.over.set()


class _Sizes:
    """Resident memory of the till and of what it has forked, in MB."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.before = self.most_till = self.most_compiler = 0.0

    def till_mb(self) -> float:
        return resident_mb(self._pid)

    def watch(self, over: threading.Event) -> None:
        while not over.wait(_BETWEEN_LOOKS_S):
            self.most_till = max(self.most_till, self.till_mb())
            for workshop in _children(self._pid):
                for job in _children(workshop):
                    self.most_compiler = max(self.most_compiler, resident_mb(job))


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def resident_mb(pid: int) -> float:
    """0 where it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1_024
    return 0.0
