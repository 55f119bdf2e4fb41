"""The export of a speaker model, for real: SpeechBrain and torch with random weights, then ONNX Runtime
alone."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from agent import cli
from agent.deciding.verification import Verdict, Voice, Voiceprint, make_template, verify
from agent.hearing.ears import Ears
from agent.hearing.speaker import SpeakerEmbedder
from agent.hearing.voice_activity import VoiceActivity
from agent.model_store.fetch import fetch_models
from agent.model_store.manifest import load_manifest
from agent.model_store.verify import verify_models
from agent.plumbing.errors import ModelError
from agent.plumbing.settings import Paths, Settings, Speaker
from agent.plumbing.settings_file import default_models_dir
from agent.plumbing.speaker_models import GE2E
from scripts.export_speaker_model import PYTHON, main
from scripts.speaker_export.parity import made_audio
from tests.hearing.conftest import room, spoken

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ROOT = Path(__file__).resolve().parents[2]
ECAPA = "speaker-ecapa"
SET_UP = PYTHON.parents[1] / "setup.stamp"
SEED = 7
ORDER = "okay nabu, order two bags of dark roast coffee"
CONSENT = "yes, place my order"
LIMITS = Speaker(
    model=ECAPA,
    accept_cosine=0.98,
    accept_consent_cosine=0.98,
    runner_up_margin_cosine=0.0,
    same_speaker_cosine=0.98,
)
"""Of no meaning: with random weights all voices are near each other."""


def _export(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "scripts" / "export_speaker_model.py", *arguments]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `models` and models.toml, as the script left them."""
    if not SET_UP.exists():
        pytest.skip("no SpeechBrain here: scripts/setup_export says why")
    folder = tmp_path_factory.mktemp("export")
    shutil.copy(ROOT / "models" / "models.toml", folder)
    done = _export("--seed", SEED, "--models-dir", folder / "models", "--manifest", folder / "models.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "said").write_text(done.stdout, encoding="utf-8")
    return folder


def test_it_agrees_with_speechbrain_at_every_length_and_says_so(exported: Path) -> None:
    rows = [line for line in (exported / "said").read_text().splitlines() if re.search(r" \d\.\d{8} ", line)]
    lengths = {float(row.split()[-5]) for row in rows}
    assert min(lengths) <= 0.1 and 2.0 in lengths and max(lengths) >= 15.0, "shorter and longer than traced"
    for row in rows:
        cosine, features_db, distance, others = map(float, row.split()[-4:])
        assert cosine >= 0.9999
        assert features_db <= 0.01
        assert distance <= 0.05 * others
    assert len(rows) == len(made_audio())


def test_the_entry_is_complete_and_another_device_takes_the_model_from_a_mirror(
    exported: Path, tmp_path: Path
) -> None:
    manifest = load_manifest(exported / "models.toml")
    model = manifest.model(ECAPA)
    [file] = model.files
    data = (exported / "models" / ECAPA / file.name).read_bytes()
    assert (file.size, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert verify_models(manifest, exported / "models", (ECAPA,)) == []
    assert [other.id for other in manifest.models] == [other.id for other in load_manifest().models]
    with pytest.raises(ModelError, match="model_unfetched"):
        fetch_models(manifest, tmp_path, (ECAPA,), None, lambda _: None)
    assert fetch_models(manifest, tmp_path, (ECAPA,), exported / "models", lambda _: None) == [ECAPA]
    assert (tmp_path / ECAPA / file.name).read_bytes() == data


def test_it_runs_on_a_device_without_torch_and_gives_a_voice_of_its_own_kind(exported: Path) -> None:
    """In a process of its own, in which torch and SpeechBrain cannot be imported."""
    program = f"""
import sys
for name in ("torch", "torchaudio", "speechbrain"):
    sys.modules[name] = None
from pathlib import Path
import numpy as np
from agent.hearing.speaker import SpeakerEmbedder
samples = np.load(sys.argv[1])
embedder = SpeakerEmbedder(Path(sys.argv[2]), {ECAPA!r})
speech = np.ones(len(samples) // 512, bool)
np.save(sys.argv[3], np.stack([embedder.embed(samples, speech), embedder.embed_in_noise(samples, speech)]))
print(embedder.model)
"""
    samples = spoken("slt", ORDER)
    np.save(exported / "order.npy", samples)
    paths = [str(exported / name) for name in ("order.npy", "models", "embedded.npy")]
    done = subprocess.run(
        [sys.executable, "-c", program, *paths], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{ECAPA}:seed-{SEED}"
    clean, in_noise = np.load(exported / "embedded.npy")
    assert clean.shape == in_noise.shape == (192,)
    assert np.linalg.norm(clean) == pytest.approx(1.0, abs=1e-5)
    assert np.linalg.norm(in_noise) == pytest.approx(1.0, abs=1e-5)
    assert float(clean @ in_noise) < 0.99999


def test_the_ear_hears_with_it_and_only_voices_that_it_learned_are_known(exported: Path) -> None:
    models = exported / "models"
    for name in ("asr-moonshine-tiny-en", "asr-moonshine-base-en", GE2E):
        if not (models / name).exists():
            (models / name).symlink_to(default_models_dir() / name)
    settings = Settings(speaker=LIMITS, paths=Paths(models_dir=str(models)))
    ears = Ears(settings)
    assert ears.speaker_model == f"{ECAPA}:seed-{SEED}"
    activity, embedder = VoiceActivity(), SpeakerEmbedder(models, ECAPA)
    samples = np.concatenate([room(0.8), spoken("slt", ORDER), room(0.8)])
    speech = activity.speech_mask(samples, 0.5)
    embedding = embedder.embed(samples, speech)
    assert embedding is not None
    learned = make_template([embedding.tolist()])
    voice = Voice(tuple(embedding.tolist()), 2_500, 30.0, ears.speaker_model)
    for model, known in (
        (ears.speaker_model, Verdict("p-anna")),
        (GE2E, Verdict(reason="voice_model_changed")),
    ):
        people = {"p-anna": Voiceprint(model, learned)}
        assert verify(voice, shortest_ms=1_500, people=people, accept_cosine=0.98, limits=LIMITS) == known
    assert embedder.embed(room(1.0), np.zeros(31, bool)) is None
    assert embedder.embed(samples[:600], np.ones(1, bool)) is None, "too little for its convolutions"


@pytest.fixture(scope="module")
def two_voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As small as a set of speakers may be."""
    folder = tmp_path_factory.mktemp("voices")
    for voice in ("slt", "rms"):
        (folder / "enrolled" / voice).mkdir(parents=True)
        for number, text in enumerate(("one box of tea", *["two bags of rice"] * 4, CONSENT)):
            _write(folder / "enrolled" / voice / f"{number}.wav", voice, text)
    (folder / "others").mkdir()
    _write(folder / "others" / "awb-1.wav", "awb", CONSENT)
    return folder


def _write(path: Path, voice: str, text: str) -> None:
    soundfile.write(path, np.concatenate([room(0.8), spoken(voice, text), room(0.8)]), 16_000)


def test_the_bench_gives_thresholds_to_choose_and_tries_those_of_a_settings_file(
    exported: Path, two_voices: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", "speakers", "--set", str(two_voices), "--seconds", "0.7", "--json"]
    monkeypatch.setattr("agent.commands.bench.default_models_dir", lambda: exported / "models")
    assert cli.main([*command, "--model", ECAPA]) == 0
    untried = json.loads(capsys.readouterr().out)
    assert untried["model"] == ECAPA
    [row] = untried["results"]
    assert row["device"] is None, "nothing was measured for it, so nothing is decided"
    assert -1.0 <= row["threshold_at_far_0.01"] <= row["threshold"]
    settings = _settings(exported, accept_cosine=0.0)
    assert cli.main([*command, "--limits", str(settings)]) == 0
    [row] = json.loads(capsys.readouterr().out)["results"]
    told = row["device"]
    assert told["strangers_accepted"] + told["cannot_tell"] == told["stranger_trials"] > 0, (
        "at 0 anybody passes"
    )
    with pytest.raises(SystemExit):
        cli.main([*command, "--limits", str(settings), "--model", ECAPA])


def _settings(exported: Path, **thresholds: float) -> Path:
    """A settings file with the exported model, and `LIMITS` but for those thresholds."""
    chosen = {**LIMITS.thresholds._asdict(), **thresholds}
    lines = [f"{name} = {value}" for name, value in chosen.items()]
    path = exported / "earmark.toml"
    path.write_text(
        "\n".join(
            [
                '[paths]\nmodels_dir = "models"',
                f'[speaker]\nmodel = "{ECAPA}"',
                "shortest_order_ms = 500",
                *lines,
            ]
        )
    )
    return path


def test_weights_that_are_not_the_vendors_are_refused_and_nothing_is_written(
    exported: Path, tmp_path: Path
) -> None:
    (tmp_path / "embedding_model.ckpt").write_bytes(b"another")
    manifest = tmp_path / "models.toml"
    shutil.copy(ROOT / "models" / "models.toml", manifest)
    before = manifest.read_bytes()
    done = _export(
        "--weights", tmp_path / "embedding_model.ckpt",
        "--models-dir", tmp_path / "models", "--manifest", manifest,
    )  # fmt: skip
    assert done.returncode == 1
    assert "model_wrong_hash" in done.stderr
    assert "Traceback" not in done.stderr
    assert manifest.read_bytes() == before
    assert not (tmp_path / "models").exists()


def test_the_vendors_weights_go_the_same_way_where_the_network_reaches_them(tmp_path: Path) -> None:
    if not SET_UP.exists():
        pytest.skip("no SpeechBrain here: scripts/setup_export says why")
    manifest = tmp_path / "models.toml"
    shutil.copy(ROOT / "models" / "models.toml", manifest)
    done = _export("--models-dir", tmp_path / "models", "--manifest", manifest)
    if "model_source_unreachable" in done.stderr:
        pytest.skip("the vendor's address is not reached from here; the weights were not tried")
    assert done.returncode == 0, done.stdout + done.stderr
    assert SpeakerEmbedder(tmp_path / "models", ECAPA).model == f"{ECAPA}:0575cb64845e"


def test_random_weights_never_get_into_the_projects_own_list(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--seed", "7", "--models-dir", os.devnull])
    assert "--manifest" in capsys.readouterr().err
