"""A person who types: `earmark chat` in a process of its own, with its replies read aloud by espeak-ng."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from scripts.story.corner_shop import ROOT
from scripts.story.customers import read_wav
from scripts.story.room import Room, RoomError

PATIENCE_SECONDS = 240.0


class Chat:
    """A person at the keyboard of `earmark chat`."""

    def __init__(
        self, settings_file: Path, language: str, folder: Path, room: Room, tell: Callable[[str, str], None]
    ) -> None:
        self._folder, self._room, self._tell, self._count = folder, room, tell, 0
        command = [sys.executable, "-m", "agent.cli", "-s", str(settings_file), "chat"]
        command += ["--language", language, "--record", str(folder)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Chat:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(PATIENCE_SECONDS)

    def types(self, text: str) -> str:
        """Types a line; the reply to it."""
        self._tell("keyboard", text)
        if self._process.stdin:
            self._process.stdin.write(text + "\n")
            self._process.stdin.flush()
        return self._next()

    def wait_for(self, part: str) -> str:
        """The first line from now on that holds `part`."""
        while part not in (line := self._next()):
            pass
        return line

    def _next(self) -> str:
        try:
            line = self._lines.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            raise RoomError("earmark chat gave no answer") from None
        self._tell("screen", line)
        self._count += 1
        self._room.plays_elsewhere(read_wav(self._folder / f"{self._count:03d}.wav"))
        return line

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line.rstrip("\n"))
