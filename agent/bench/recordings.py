"""Recordings below a folder."""

from __future__ import annotations

from pathlib import Path

from agent.plumbing.errors import AudioError

_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3"})


def recordings(folder: Path) -> list[Path]:
    """Every audio file below `folder`, sorted. Raises AudioError('bench_set_invalid') where there is none."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not files:
        raise AudioError("bench_set_invalid", f"no audio below {folder}", "give a folder of recordings")
    return files
