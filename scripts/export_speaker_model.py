"""Turn SpeechBrain's ECAPA-TDNN (spkrec-ecapa-voxceleb) into ONNX with its features, compare the two on
audio, and put the model and its entry in models.toml in place. docs/speaker_models.md tells the whole way.

    .venv/bin/python scripts/export_speaker_model.py                    weights from the vendor's address
    .venv/bin/python scripts/export_speaker_model.py --weights FILE     weights that are here already
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx

from agent.hearing.audio import Float32, read_audio_file
from agent.hearing.ecapa import FILE, WEIGHTS
from agent.model_store.manifest import (
    ExportSource,
    Model,
    ModelFile,
    UrlSource,
    default_manifest_path,
    load_manifest,
)
from agent.model_store.sources import from_url
from agent.model_store.verify import file_fault
from agent.plumbing.errors import EarmarkError, ModelError
from agent.plumbing.settings_file import default_models_dir
from agent.plumbing.speaker_models import ECAPA
from scripts.speaker_export.entry import with_file
from scripts.speaker_export.parity import Difference, check, differences, made_audio

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv-export" / "bin" / "python"
OTHER_SIDE = ROOT / "scripts" / "speaker_export" / "speechbrain_side.py"
CHECKPOINT = "embedding_model.ckpt"
_NAMED_DIGITS = 12  # of the weights' SHA-256, in the name that voiceprints carry
_RECORDING_SECONDS = 15

Report = Callable[[str], None]


def main(arguments: list[str] | None = None) -> int:
    """0 when the model is in place, 1 with the reason otherwise."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument("--weights", type=Path, metavar="FILE", help=f"the vendor's {CHECKPOINT}")
    weights.add_argument(
        "--seed", type=int, metavar="N", help="random weights, to try the way without the vendor's"
    )
    parser.add_argument("--models-dir", type=Path, default=default_models_dir(), metavar="DIR")
    parser.add_argument("--manifest", type=Path, default=default_manifest_path(), metavar="FILE")
    parser.add_argument("--audio", type=Path, metavar="DIR", help="recordings to compare on as well")
    options = parser.parse_args(arguments)
    if options.seed is not None and options.manifest == default_manifest_path():
        parser.error(
            "--seed makes no model for a device: give --models-dir and a copy of models.toml as --manifest"
        )
    try:
        _export(options, lambda line: print(line, flush=True))
    except EarmarkError as error:
        print(f"error: {error.explained()}", file=sys.stderr)
        return 1
    return 0


def _export(options: argparse.Namespace, report: Report) -> None:
    source = load_manifest(options.manifest).model(ECAPA).export
    if source is None:
        raise ModelError(
            "model_unknown", f"{ECAPA} is not an export in {options.manifest}", "earmark models list"
        )
    if subprocess.run([ROOT / "scripts" / "setup_export"], check=False).returncode != 0:
        raise ModelError("export_not_set_up", "there is no SpeechBrain here", "scripts/setup_export")
    audio = {**made_audio(), **_recordings(options.audio)}
    with tempfile.TemporaryDirectory(prefix="earmark-export-") as folder:
        work = Path(folder)
        checkpoint, name = _weights(options, source, work, report)
        np.savez(work / "audio.npz", **cast("dict[str, Any]", audio))
        report("exporting: half a minute or so")
        _speechbrain("export", checkpoint, work / "audio.npz", work)
        models = work / "models"
        file = _stamped(work / FILE, models / ECAPA / FILE, name)
        with np.load(work / "reference.npz") as reference:
            found = differences(models, audio, dict(reference))
        _show(found, report)
        check(found)
        _put_in_place(options, models / ECAPA / FILE, file)
    report(f"{ECAPA}: {file.size / 1e6:.1f} MB in {options.models_dir / ECAPA}")
    report(f"its entry is in {options.manifest}")


def _weights(
    options: argparse.Namespace, source: ExportSource, work: Path, report: Report
) -> tuple[Path, str]:
    """The checkpoint, and what its weights are called in the model."""
    if options.seed is not None:
        _speechbrain("seed", options.seed, work / CHECKPOINT)
        return work / CHECKPOINT, f"seed-{options.seed}"
    listed = ModelFile(CHECKPOINT, source.size, source.sha256)
    if options.weights is None:
        vendors = UrlSource({CHECKPOINT: source.address})
        from_url(vendors, Model(ECAPA, "weights", "", (vendors,), (listed,)), work, report)
    elif fault := file_fault(options.weights, listed, by_hash=True):
        step = f"download {source.address}, then: scripts/export_speaker_model.py --weights {CHECKPOINT}"
        raise ModelError("model_wrong_hash", f"{options.weights} {fault}", step)
    return options.weights or work / CHECKPOINT, source.sha256[:_NAMED_DIGITS]


def _recordings(folder: Path | None) -> dict[str, Float32]:
    """Each cut at 15 s, as the device would. Raises AudioError as `read_audio_file` does."""
    if folder is None:
        return {}
    files = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in {".wav", ".flac", ".ogg", ".mp3"}
    )
    return {str(path): read_audio_file(path)[: _RECORDING_SECONDS * 16_000] for path in files}


def _speechbrain(*arguments: object) -> None:
    done = subprocess.run(
        [PYTHON, OTHER_SIDE, *map(str, arguments)],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        end = "\n".join(done.stdout.splitlines()[-8:])
        raise ModelError("export_failed", f"SpeechBrain's half ended with:\n{end}", "scripts/setup_export")


def _stamped(exported: Path, target: Path, weights: str) -> ModelFile:
    """Copies the model with the name of its weights in it."""
    model = onnx.load(str(exported))
    onnx.checker.check_model(model)
    onnx.helper.set_model_props(model, {WEIGHTS: weights})
    data = model.SerializeToString(deterministic=True)
    target.parent.mkdir(parents=True)
    target.write_bytes(data)
    return ModelFile(FILE, len(data), hashlib.sha256(data).hexdigest())


def _show(found: list[Difference], report: Report) -> None:
    head = f"{'recording':>24} {'seconds':>8} {'cosine':>11} {'features, dB':>13}"
    report(f"{head} {'distance':>9} {'of others':>10}")
    for one in found:
        name = one.name if len(one.name) <= 24 else f"…{one.name[-23:]}"
        report(
            f"{name:>24} {one.seconds:>8.2f} {one.cosine:>11.8f} {one.features_db:>13.6f}"
            f" {one.distance:>9.6f} {one.others:>10.4f}"
        )


def _put_in_place(options: argparse.Namespace, made: Path, file: ModelFile) -> None:
    manifest: Path = options.manifest
    text = with_file(manifest.read_text(encoding="utf-8"), ECAPA, file)
    target = options.models_dir / ECAPA / FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    for path, data in ((target, made.read_bytes()), (manifest, text.encode())):
        unfinished = path.with_name(f"{path.name}.new")
        unfinished.write_bytes(data)
        unfinished.replace(path)


if __name__ == "__main__":
    sys.exit(main())
