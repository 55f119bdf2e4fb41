"""What the operator of a chaos run's shop does meanwhile: each command of the plan as a process of its own,
given again until it is done, as whoever reads its next step would."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from agent.bench.chaos_plan import Step
from order_backend.broker import ends_with_parent

_AGAIN_S = 2.0


class Steps:
    """Commands of one kind go one after the other, `authority` and `rotate` side by side."""

    def __init__(self, shop: Path, steps: Iterable[Step], port: int, log: Path) -> None:
        """`port`: where the broker itself is."""
        self._shop, self._port, self._log = shop, port, log
        self._waiting: dict[str, list[Step]] = {}
        for step in steps:
            self._waiting.setdefault(step.command[0], []).append(step)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._again_s: dict[str, float] = {}
        self.done: Counter[str] = Counter()
        self.tries: Counter[str] = Counter()

    @property
    def left(self) -> int:
        """How many are not done."""
        return sum(map(len, self._waiting.values()))

    def turn(self, elapsed_s: float) -> None:
        """Starts what is due, and looks at what has ended."""
        for kind, steps in self._waiting.items():
            running = self._running.get(kind)
            if running is not None and running.poll() is None:
                continue
            if running is not None:
                del self._running[kind]
                if running.returncode == 0:
                    self.done[" ".join(steps.pop(0).command)] += 1
                self._again_s[kind] = time.monotonic() + _AGAIN_S
            if steps and steps[0].at_s <= elapsed_s and time.monotonic() >= self._again_s.get(kind, 0.0):
                self._running[kind] = self._start(steps[0])

    def close(self) -> None:
        """Ends what still runs."""
        for process in self._running.values():
            process.kill()
            process.wait()

    def _start(self, step: Step) -> subprocess.Popen[bytes]:
        name, *words = step.command
        self.tries[" ".join(step.command)] += 1
        port = ["--port", str(self._port)] if name == "authority" else []
        program = "import sys; from order_backend.entry import main; sys.exit(main())"
        command = [sys.executable, "-P", "-c", program, name, str(self._shop), *words, *port]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                ends_with_parent(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
