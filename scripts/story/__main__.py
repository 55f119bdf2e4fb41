"""The demo: plays every scene, prints the conversation, and ends with what journal and shop database say."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from agent.plumbing.errors import EarmarkError
from scripts.story.acting import Scene, SceneError
from scripts.story.corner_shop import ROOT, SetupError
from scripts.story.report import Row, scene_row, table
from scripts.story.room import RoomError
from scripts.story.scenes import SCENES
from scripts.story.stage import Stage

ABOUT_TIMES = """\
Times are of this machine, from the last frame of speech. A person waits 0.5 to 0.7 s more: the silence that
ends a sentence, which the fed microphone passes faster than in real time."""


@dataclass(frozen=True)
class Played:
    """How a scene went; `failure` is '' where it went as it must."""

    row: Row
    failure: str


def main() -> int:
    """0 where every scene went as it must."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--mic", action="store_true", help="talk yourself, with microphone and loudspeaker")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep shop, device and logs in this new folder"
    )
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        return _run(arguments.mic, arguments.keep)
    except KeyboardInterrupt:
        print("demo: stopped", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:  # whoever was reading has read enough: scripts/demo | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


def _stop(number: int, _frame: FrameType | None) -> None:
    """Unwinds, so that everything started here ends with the demo; nothing disturbs that."""
    for other in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)
    os.write(sys.stderr.fileno(), b"demo: stopped\n")  # print takes locks
    sys.exit(128 + number)


def _run(by_microphone: bool, keep: Path | None) -> int:
    if by_microphone:
        from scripts.story.by_microphone import talk

        return talk(keep)
    if keep:
        return play(keep)
    with tempfile.TemporaryDirectory(prefix="earmark-demo-") as temporary:
        return play(Path(temporary))


def play(folder: Path) -> int:
    """Plays all scenes with everything in `folder`."""
    begun = time.monotonic()
    _tell("", "a shop, a broker and a device are set up")
    wav = ROOT / "var" / "demo.wav"
    wav.parent.mkdir(exist_ok=True)
    try:
        with Stage(folder, _tell) as stage:
            _tell("", f"ready after {time.monotonic() - begun:.1f} s")
            played = [_play(scene, number, stage) for number, scene in enumerate(SCENES, 1)]
            seconds = stage.room.write_wav(wav)
            processes = stage.memory()
    except (EarmarkError, RoomError, SetupError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print("\nFrom the device's journal and the shop's database:\n")
    print(table([scene.row for scene in played]))
    print(ABOUT_TIMES)
    print("\nmemory: " + ", ".join(f"{name} {megabytes:.0f} MB" for name, megabytes in processes.items()))
    print(f"the whole conversation ({seconds:.0f} s, customers left, device right): {wav}")
    failures = [scene for scene in played if scene.failure]
    for scene in failures:
        print(f"FAILED  {scene.row.scene}: {scene.failure}", file=sys.stderr)
    print(f"demo: passed {len(played) - len(failures)} of {len(played)} scenes")
    return 1 if failures else 0


def _play(scene: Scene, number: int, stage: Stage) -> Played:
    print(f"\n{number}. {scene.title}", flush=True)
    before, failure = stage.journal(), ""
    try:
        scene.play(stage)
    except (EarmarkError, RoomError, SceneError) as error:
        failure = str(error)
        stage.calm()
    after, placed = stage.journal(), stage.shop_orders()
    return Played(scene_row(f"{number}. {scene.title}", before, after, placed), failure)


def _tell(who: str, words: str) -> None:
    print(f"  {who + ':':14} {words}" if who else f"  -- {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
