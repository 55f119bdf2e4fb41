"""`earmark models pin`: unpack a vendor's zip that models.toml knows no hash of, and hold it to its bytes
from now on.

Whoever runs it has decided to trust the archive; this only keeps it from writing outside its folder, from
filling the disk, and from changing later.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

import msgspec

from agent.model_store.convert import convert
from agent.model_store.manifest import ArchiveSource, Model, ModelFile
from agent.model_store.pins import PIN_FILE, Pin, pin_step
from agent.model_store.verify import sha256_of
from agent.plumbing.errors import ModelError

LARGEST_UNPACKED_BYTES = 2 << 30
MOST_FILES = 200
CONVERTED = {"conf/model.conf": "vosk-wide-search"}
"""Files that pass through a conversion, as those of pinned models do."""


def pin_model(model: Model, archive: Path, models_dir: Path, sha256: str = "") -> str:
    """Replaces the model with what `archive` holds; returns the SHA-256 of the archive.

    Raises ModelError: model_pinned_already (models.toml has its hashes), model_wrong_hash (`sha256` was given
    and is another), model_bad_archive.
    """
    source = model.unpinned
    if source is None:
        step = f"earmark models fetch {model.id}"
        raise ModelError("model_pinned_already", f"models.toml has the hashes of {model.id}", step)
    try:
        found = sha256_of(archive)
        if sha256 and sha256.lower() != found:
            step = pin_step(model.id, source)
            raise ModelError("model_wrong_hash", f"{archive.name} has the SHA-256 {found}", step)
        models_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".pin-", dir=models_dir) as work:
            unpacked = Path(work) / model.id
            files = _unpack(archive, source, unpacked)
            pin = Pin(found, tuple(_listed(unpacked, name) for name in files))
            (unpacked / PIN_FILE).write_bytes(msgspec.json.encode(pin))
            shutil.rmtree(models_dir / model.id, ignore_errors=True)
            unpacked.rename(models_dir / model.id)
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError("model_bad_archive", f"{archive}: {error}", pin_step(model.id, source)) from error
    return found


def _unpack(archive: Path, source: ArchiveSource, target: Path) -> list[str]:
    """The names of the files below `target`."""
    names: list[str] = []
    with zipfile.ZipFile(archive) as opened:
        members = [member for member in opened.infolist() if not member.is_dir()]
        if len(members) > MOST_FILES or sum(member.file_size for member in members) > LARGEST_UNPACKED_BYTES:
            raise zipfile.BadZipFile("it holds more than a model does")
        for member in members:
            folder, *parts = PurePosixPath(member.filename).parts
            name = "/".join(parts)
            link = stat.S_ISLNK(member.external_attr >> 16)
            if folder != source.folder or not parts or ".." in parts or link:
                raise zipfile.BadZipFile(f"{member.filename!r} does not belong into {source.folder}")
            data = opened.read(member)
            if name in CONVERTED:
                data = convert(CONVERTED[name], data)
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(data)
            names.append(name)
    if not names:
        raise zipfile.BadZipFile("it is empty")
    return sorted(names)


def _listed(folder: Path, name: str) -> ModelFile:
    data = (folder / name).read_bytes()
    return ModelFile(name, len(data), hashlib.sha256(data).hexdigest())
