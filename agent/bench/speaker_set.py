"""A set of recorded speakers: `enrolled/ID/` with the recordings of one person each, and `others/` with one
recording of each of many other people, named ID-….
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from agent.plumbing.errors import AudioError

ENROLMENT_FILES = 5
"""The first of each person, by name; the device reads five sentences with whoever enrols."""

_SUFFIXES = {".flac", ".wav", ".ogg", ".mp3"}
_NEXT_STEP = f"give a folder with enrolled/ID/ (more than {ENROLMENT_FILES} recordings each) and others/"


class SpeakerSet(NamedTuple):
    """`enrolment` and `trials`: the recordings of each enrolled person; `others`: those of each stranger."""

    enrolment: dict[str, list[Path]]
    trials: dict[str, list[Path]]
    others: dict[str, list[Path]]


def read_speaker_set(folder: Path) -> SpeakerSet:
    """The set in `folder`. Raises AudioError('bench_set_invalid') where a part is missing or too small."""
    people = {path.name: _recordings(path) for path in _listed(folder / "enrolled") if path.is_dir()}
    if not people:
        raise AudioError("bench_set_invalid", f"{folder}/enrolled has no folder of a person", _NEXT_STEP)
    for name, files in people.items():
        if len(files) <= ENROLMENT_FILES:
            raise AudioError("bench_set_invalid", f"{folder}/enrolled/{name}: {len(files)} files", _NEXT_STEP)
    others: dict[str, list[Path]] = {}
    for path in _recordings(folder / "others"):
        others.setdefault(path.stem.partition("-")[0], []).append(path)
    if not others.keys() - people.keys():
        raise AudioError("bench_set_invalid", f"{folder}/others has no recording of a stranger", _NEXT_STEP)
    return SpeakerSet(
        {name: files[:ENROLMENT_FILES] for name, files in people.items()},
        {name: files[ENROLMENT_FILES:] for name, files in people.items()},
        {name: files for name, files in others.items() if name not in people},
    )


def _recordings(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.suffix.lower() in _SUFFIXES]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise AudioError("bench_set_invalid", f"{folder}: {error.strerror}", _NEXT_STEP) from error
