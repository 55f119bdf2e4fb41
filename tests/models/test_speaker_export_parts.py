"""What the export compares and writes, without SpeechBrain: an error is found, and models.toml keeps all
else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.model_store.fetch import fetch_models
from agent.model_store.manifest import ModelFile, default_manifest_path, load_manifest, parse_manifest
from agent.model_store.verify import list_models, verify_models
from agent.plumbing.errors import ModelError
from scripts.speaker_export.entry import with_file
from scripts.speaker_export.parity import Difference, check

ECAPA = "speaker-ecapa"
MADE = ModelFile("ecapa.onnx", 84_000_000, "a" * 64)
LISTED = default_manifest_path().read_text(encoding="utf-8")
SAME = Difference("slt 2 s", 2.0, 0.99999999, 0.0001, 0.0001, 0.3)


def test_the_entry_gets_its_file_and_everything_else_stays_as_it_was() -> None:
    unexported = with_file(LISTED, ECAPA, MADE)
    assert parse_manifest(unexported).model(ECAPA).files == (MADE,)
    added = [line for line in unexported.splitlines() if line not in LISTED.splitlines()]
    assert len(added) == 3
    again = ModelFile("ecapa.onnx", 84_000_001, "b" * 64)
    assert parse_manifest(with_file(unexported, ECAPA, again)).model(ECAPA).files == (again,)
    without = [line for line in unexported.splitlines() if line not in added]
    for line in ("[[model.file]]", ""):
        without.remove(line)
    assert sorted(without) == sorted(LISTED.splitlines())


def test_only_an_export_is_written_into() -> None:
    for other in ("speaker-ge2e", "asr-vosk-small-pl", "speaker-nobody"):
        with pytest.raises(ModelError, match="model_unknown"):
            with_file(LISTED, other, MADE)


def test_the_last_entry_of_a_list_is_written_into_as_well() -> None:
    head, _, rest = LISTED.partition('[[model]]\nid = "speaker-ecapa"')
    entry, _, after = rest.partition("\n[[model]]")
    last = f'{head}[[model]]{after.rstrip()}\n\n[[model]]\nid = "speaker-ecapa"{entry}'
    assert parse_manifest(with_file(last, ECAPA, MADE)).model(ECAPA).files == (MADE,)


@pytest.mark.parametrize(
    "change",
    [
        lambda same: same._replace(cosine=0.9998),
        lambda same: same._replace(cosine=float("nan")),
        lambda same: same._replace(features_db=0.02),
        lambda same: same._replace(features_db=float("nan")),
        lambda same: same._replace(others=0.001),
        lambda same: same._replace(distance=float("nan")),
    ],
    ids=["cosine", "no cosine", "features", "no features", "any voice would do", "no distance"],
)
def test_one_recording_that_differs_is_enough(change: Callable[[Difference], Difference]) -> None:
    check([SAME, SAME])
    with pytest.raises(ModelError) as refused:
        check([SAME, change(SAME)._replace(name="rms 4 s"), SAME])
    assert refused.value.code == "export_differs"
    assert refused.value.detail.startswith("rms 4 s: ")
    assert len(refused.value.detail.splitlines()) == 1


def test_what_was_not_exported_yet_is_missing_and_the_step_says_how_it_is_made(tmp_path: Path) -> None:
    manifest = load_manifest()
    [listed] = [model for model in list_models(manifest, tmp_path) if model.id == ECAPA]
    assert (listed.state, listed.default) == ("missing", False)
    [problem] = verify_models(manifest, tmp_path, (ECAPA,))
    assert problem.code == "model_missing"
    with pytest.raises(ModelError) as refused:
        fetch_models(manifest, tmp_path, (ECAPA,), None, lambda _: None)
    assert refused.value.code == "model_not_exported"
    for step in (problem.next_step, refused.value.next_step):
        assert "scripts/export_speaker_model.py" in step
        assert (default_manifest_path().parents[1] / "scripts" / "export_speaker_model.py").exists()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('licence = "Apache-2.0"\ndefault = false\n', 'licence = "Apache-2.0"\n', "not a default"),
        ('script = "scripts/', 'script = "../', "leaves the checkout"),
        ('script = "scripts/', 'script = "/', "leaves the checkout"),
    ],
)
def test_a_faulty_export_is_refused_with_its_fault(old: str, new: str, named: str) -> None:
    head, _, rest = LISTED.partition('id = "speaker-ecapa"')
    assert old in rest
    with pytest.raises(ModelError, match=named):
        parse_manifest(f'{head}id = "speaker-ecapa"{rest.replace(old, new, 1)}')
