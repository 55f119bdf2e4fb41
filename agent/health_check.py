"""A release examines itself: do its parts load, does it hear and understand, can it open the order journal?

    python -m agent.health_check --settings FILE --scratch DIR

Writes one line of JSON, `{"healthy": ..., "checks": [{"what", "ok", "detail"}]}`; exit code 0 where all is
well. The journal is copied to DIR and opened there, so that a release on trial changes nothing of the device.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import itertools
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from agent.committing.journal import FILE_NAME, Journal
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.lexicon import LEXICONS
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.plumbing import audit, sandbox
from agent.plumbing.errors import AudioError, EarmarkError, JournalError
from agent.plumbing.settings import Settings
from agent.plumbing.settings_file import load_settings
from agent.till.catalogue_store import served_file

"""Stored as words and spoken by the device's own voice; every catalogue's grammar has it."""

ENTRY = "consent"
PARTS = (
    *("agent.till.__main__", "agent.hearing.voice", "agent.committing.uplink", "agent.sensing.sensors"),
    *("agent.touching.touch", "agent.plumbing.configured", "agent.plumbing.launcher", "agent.cli"),
    *("firmware_update.cli", "firmware_update.fetching", "firmware_update.gate"),
)
"""Modules that are started as processes."""

_COPIES = 3  # a copy of a journal that is being written to can be torn
_FRAMES = 5
_MOST_READS = 10  # of a second each: a sound server may take two to bring its first frame


class Check(msgspec.Struct, frozen=True):
    """One thing tried. `detail` says what was found."""

    what: str
    ok: bool
    detail: str


def main(arguments: list[str] | None = None) -> int:
    """0 where every check passed, 1 where one did not, 2 for settings that cannot be used."""
    parser = argparse.ArgumentParser(prog="health_check", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE")
    parser.add_argument("--scratch", type=Path, required=True, metavar="DIR", help="an empty folder")
    options = parser.parse_args(arguments)
    audit.set_process("health")
    try:
        settings = load_settings(options.settings)
    except EarmarkError as error:
        print(error.explained(), file=sys.stderr)
        return 2
    checks = [
        _tried("parts", loads_every_part),
        _tried("journal", lambda: opens_journal(settings, options.scratch)),
        _tried("microphone", lambda: hears_frames(settings)),
        _tried("recogniser", lambda: recognises(settings)),
    ]
    healthy = all(check.ok for check in checks)
    sys.stdout.buffer.write(msgspec.json.encode({"healthy": healthy, "checks": checks}) + b"\n")
    return 0 if healthy else 1


def _tried(what: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(what, True, attempt())
    except EarmarkError as error:
        return Check(what, False, f"{error.code}: {error.detail}")
    except Exception as error:  # a release on trial may be broken in any way, and has to say so
        return Check(what, False, f"{type(error).__name__}: {error}")


def loads_every_part() -> str:
    """Imports what the device and its updater are started from; whatever that raises is the finding."""
    for module in PARTS:
        importlib.import_module(module)
    return f"{len(PARTS)} load"


def opens_journal(settings: Settings, scratch: Path) -> str:
    """Opens a copy. Raises JournalError as `Journal` does."""
    held = Path(settings.paths.state_dir) / "till" / FILE_NAME
    if not held.exists():
        return "none yet"
    for attempt in range(1, _COPIES + 1):
        copy = scratch / FILE_NAME
        shutil.copyfile(held, copy)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{held}-wal", f"{copy}-wal")
        try:
            with Journal(copy) as journal:
                return f"{journal.open_count()} orders wait"
        except JournalError:
            if attempt == _COPIES:
                raise
        finally:
            for file in scratch.glob(f"{FILE_NAME}*"):
                file.unlink()
    raise AssertionError("unreachable")


def hears_frames(settings: Settings) -> str:
    """Raises AudioError: audio_no_device, audio_no_library, audio_no_frames, audio_all_zero."""
    if settings.audio.source != "microphone":
        return "none: frames are fed in"
    if settings.update.microphone_muted:
        return "muted on purpose"
    from agent.hearing.ear_health import ALL_ZERO, NO_FRAMES
    from agent.hearing.sound_card import Microphone

    sound = settings.audio
    with contextlib.closing(Microphone(sound.input_device, sound.input_channel)) as microphone:
        reads = (microphone.read(1.0) for _ in range(_MOST_READS))
        came = list(itertools.islice((frame for frame in reads if frame is not None), _FRAMES))
    if len(came) < _FRAMES:
        raise AudioError(NO_FRAMES, f"{len(came)} of {_FRAMES} frames came", "earmark doctor")
    if not any(frame.any() for frame in came):
        raise AudioError(ALL_ZERO, "every sample is zero: muted, or no microphone", "earmark doctor")
    return f"{_FRAMES} frames"


def spoken_consent(language: str) -> str:
    """What the device says to itself: a sentence that every catalogue's grammar has."""
    return LEXICONS[language].consent_sentences[0]


def recognises(settings: Settings) -> str:
    """Speaks a consent and understands it with the device's own catalogue.

    Raises AudioError health_misheard, ModelError, CatalogueError.
    """
    from agent.hearing.audio import to_float
    from agent.hearing.engine import open_engine
    from agent.hearing.speech import Speech

    catalogue = parse_catalogue(served_file(settings.paths).read_bytes())
    language = settings.device.language
    graph = compile_sentences(catalogue, language)
    engine = f"{settings.asr.engine_for(language)} for {language!r}"
    recogniser = open_engine(Path(settings.paths.models_dir), settings.asr, language)
    recogniser.use(graph)
    speech = Speech(threads=settings.asr.threads)
    sandbox.tighten("health")
    heard = recogniser.recognise(to_float(speech.speak(spoken_consent(language), language)), ENTRY)
    tags = SentenceParser(graph).parse(ENTRY, heard.words) or ()
    consents = any(tag.slot == "consent" for tag in tags)
    if not consents or heard.gap_per_token < settings.asr.lowest_gap(language):
        detail = f"{engine} did not understand the test sentence (gap {heard.gap_per_token:.2f})"
        raise AudioError("health_misheard", detail, "earmark models verify")
    return f"{engine}: gap {heard.gap_per_token:.2f}"


if __name__ == "__main__":
    sys.exit(main())
