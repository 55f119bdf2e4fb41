"""What an operator has pinned: the files of a model that models.toml knows no hash of, as they were unpacked
here."""

from __future__ import annotations

from pathlib import Path

import msgspec

from agent.model_store.manifest import ArchiveSource, ExportSource, ModelFile, Sha256

PIN_FILE = "pinned.json"


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Stands beside the files. `archive_sha256`: of the zip that they came out of."""

    archive_sha256: Sha256
    files: tuple[ModelFile, ...]


def pinned_files(folder: Path) -> tuple[ModelFile, ...]:
    """Name, size and hash of every file that was pinned in the model's `folder`; none where nothing was."""
    try:
        return msgspec.json.decode((folder / PIN_FILE).read_bytes(), type=Pin).files
    except (OSError, msgspec.DecodeError):
        return ()


def pin_step(model_id: str, source: ArchiveSource) -> str:
    """What brings such a model."""
    name = source.address.rsplit("/", 1)[-1]
    return f"download {source.address}, make sure of it, then: earmark models pin {model_id} {name}"


def export_step(model_id: str, source: ExportSource) -> str:
    """What brings a model that is exported."""
    return (
        f".venv/bin/python {source.script} (docs/speaker_models.md), or where that was done already:"
        f" earmark models fetch --mirror DIR {model_id}"
    )
