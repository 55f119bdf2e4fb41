"""`earmark models pin`: what an operator trusts is unpacked, held to its bytes, and nothing else happens."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from pathlib import Path

import pytest

from agent.cli import main
from agent.model_store import list_models, pinning, verify_models
from agent.model_store.manifest import load_manifest
from agent.model_store.pinning import pin_model
from agent.plumbing.errors import ModelError

POLISH = "asr-vosk-small-pl"
FOLDER = "vosk-model-small-pl-0.22"
CONF = b"--max-active=3000\n--beam=10.0\n--lattice-beam=2.0\n"
FILES = {"conf/model.conf": CONF, "am/final.mdl": b"weights" * 100, "README": b"what it is\n"}


def archive(path: Path, files: dict[str, bytes], folder: str = FOLDER) -> Path:
    with zipfile.ZipFile(path, "w") as opened:
        opened.mkdir(f"{folder}/")
        for name, data in files.items():
            opened.writestr(f"{folder}/{name}", data)
    return path


def device(folder: Path) -> Path:
    settings = folder / "earmark.toml"
    settings.write_text('[paths]\nmodels_dir = "models"\n')
    return settings


def state(models_dir: Path) -> str:
    return next(one.state for one in list_models(load_manifest(), models_dir) if one.id == POLISH)


def test_a_pinned_archive_is_unpacked_and_held_to_its_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, models_dir = device(tmp_path), tmp_path / "models"
    path = archive(tmp_path / "pl.zip", FILES)
    assert state(models_dir) == "missing"
    assert main(["-s", str(settings), "models", "pin", POLISH, str(path)]) == 0
    assert hashlib.sha256(path.read_bytes()).hexdigest() in capsys.readouterr().out
    assert (models_dir / POLISH / "am" / "final.mdl").read_bytes() == FILES["am/final.mdl"]
    assert b"--lattice-beam=6.0" in (models_dir / POLISH / "conf" / "model.conf").read_bytes()
    assert state(models_dir) == "present"
    assert verify_models(load_manifest(), models_dir, (POLISH,)) == []
    (models_dir / POLISH / "am" / "final.mdl").write_bytes(b"others!" * 100)
    [problem] = verify_models(load_manifest(), models_dir, (POLISH,))
    assert (problem.code, problem.file) == ("model_damaged", "am/final.mdl")
    assert "earmark models pin" in problem.next_step


def test_pinning_again_replaces_everything(tmp_path: Path) -> None:
    model = load_manifest().model(POLISH)
    pin_model(model, archive(tmp_path / "one.zip", {**FILES, "extra": b"x"}), tmp_path)
    pin_model(model, archive(tmp_path / "two.zip", {**FILES, "README": b"newer\n"}), tmp_path)
    assert not (tmp_path / POLISH / "extra").exists()
    assert (tmp_path / POLISH / "README").read_bytes() == b"newer\n"
    assert verify_models(load_manifest(), tmp_path, (POLISH,)) == []


def test_a_hash_that_was_given_has_to_be_the_archives(tmp_path: Path) -> None:
    model, path = load_manifest().model(POLISH), archive(tmp_path / "pl.zip", FILES)
    with pytest.raises(ModelError) as caught:
        pin_model(model, path, tmp_path / "models", "0" * 64)
    assert caught.value.code == "model_wrong_hash"
    assert not (tmp_path / "models" / POLISH).exists()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert pin_model(model, path, tmp_path / "models", sha256.upper()) == sha256


def test_a_model_whose_hashes_are_known_cannot_be_pinned(tmp_path: Path) -> None:
    path = archive(tmp_path / "ko.zip", FILES)
    with pytest.raises(ModelError) as caught:
        pin_model(load_manifest().model("asr-vosk-small-ko"), path, tmp_path)
    assert (caught.value.code, caught.value.next_step) == (
        "model_pinned_already",
        "earmark models fetch asr-vosk-small-ko",
    )


def _linked(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as opened:
        link = zipfile.ZipInfo(f"{FOLDER}/am/final.mdl")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    return path


BAD = {
    "another folder": lambda path: archive(path, FILES, "vosk-model-small-de-0.15"),
    "outside": lambda path: archive(path, {"../../evil": b"x"}),
    "absolute": lambda path: archive(path, FILES, "/tmp"),
    "a link": _linked,
    "nothing": lambda path: archive(path, {}),
    "many files": lambda path: archive(path, {str(n): b"x" for n in range(pinning.MOST_FILES + 1)}),
    "too large": lambda path: archive(path, {"am/final.mdl": b"x" * 2_000}),
    "no zip": lambda path: path,
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_archive_leaves_nothing_behind(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinning, "LARGEST_UNPACKED_BYTES", 1_500)
    path = tmp_path / "pl.zip"
    path.write_bytes(b"PK, but no zip")
    models_dir = tmp_path / "models"
    with pytest.raises(ModelError) as caught:
        pin_model(load_manifest().model(POLISH), BAD[what](path), models_dir)
    assert caught.value.code == "model_bad_archive"
    assert list(models_dir.iterdir()) == []
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["models", "pl.zip"]


def test_a_bad_archive_leaves_the_model_that_was_there(tmp_path: Path) -> None:
    model = load_manifest().model(POLISH)
    pin_model(model, archive(tmp_path / "pl.zip", FILES), tmp_path)
    with pytest.raises(ModelError):
        pin_model(model, archive(tmp_path / "de.zip", FILES, "other"), tmp_path)
    assert verify_models(load_manifest(), tmp_path, (POLISH,)) == []
