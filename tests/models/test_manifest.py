"""models.toml is complete and consistent, and a faulty one is refused with its fault named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.model_store.manifest import load_manifest, parse_manifest
from agent.plumbing.errors import ModelError

ROOT = Path(__file__).resolve().parents[2]
SHA = "0" * 64
GOOD = f"""
schema_version = 1
[[model]]
id = "voice"
purpose = "a test"
licence = "MIT"
[[model.file]]
name = "a.bin"
size = 3
sha256 = "{SHA}"
[[model.source]]
kind = "package"
package = "Some.Carrier"
version = "1.0"
platform = "any"
wheel = "some_carrier-1.0-py3-none-any.whl"
size = 10
sha256 = "{SHA}"
[model.source.members]
"a.bin" = "some_carrier/a.bin"
"""


def test_the_projects_manifest_holds_what_the_device_needs() -> None:
    manifest = load_manifest()
    default = {model.id for model in manifest.chosen(())}
    assert {
        "asr-moonshine-tiny-en",
        "speaker-ge2e",
        "wake-okay-nabu",
        "vad-silero",
        "tts-hibari-heart",
    } <= default
    assert all(model.licence in {"MIT", "Apache-2.0"} for model in manifest.models if model.default)


def test_models_used_in_place_are_of_the_locked_packages() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))
    sources = [model.installed for model in load_manifest().models if model.installed]
    assert sources
    for source in sources:
        assert locked[source.package] == source.version


def test_carriers_are_not_dependencies() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower()
    for carrier in ("moonshine-voice", "resemblyzer", "torch", "speechbrain"):
        assert not re.search(rf"^{carrier}==", lock, re.MULTILINE)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("schema_version = 1", "schema_version = 2", "schema_version 2"),
        ("schema_version = 1", "schema_version = ", "value"),
        ('licence = "MIT"', "", "licence"),
        ('licence = "MIT"', 'licence = "MIT"\nlicense = "MIT"', "license"),
        ('id = "voice"', 'id = "../voice"', "id"),
        ('name = "a.bin"', 'name = "../a.bin"', "name"),
        ("size = 3", "size = 0", "size"),
        (f'sha256 = "{SHA}"', 'sha256 = "abc"', "sha256"),
        ('kind = "package"', 'kind = "torrent"', "torrent"),
        ('"a.bin" = "some_carrier/a.bin"', '"b.bin" = "some_carrier/b.bin"', "a source gives"),
        ('wheel = "some_carrier-1.0-py3', 'wheel = "some_carrier-2.0-py3', "is not Some.Carrier 1.0"),
        ('platform = "any"', 'platform = "manylinux_2_34_x86_64"', "for manylinux"),
    ],
)
def test_a_faulty_manifest_is_refused_with_its_fault(old: str, new: str, named: str) -> None:
    parse_manifest(GOOD)
    assert old in GOOD
    with pytest.raises(ModelError) as refused:
        parse_manifest(GOOD.replace(old, new, 1))
    assert refused.value.code == "manifest_invalid"
    assert named in refused.value.detail


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (GOOD.split("schema_version = 1")[1], "listed twice"),
        ('[[model.file]]\nname = "a.bin"\nsize = 3\nsha256 = "' + SHA + '"', "listed twice"),
        ('[[model.source]]\nkind = "installed"\npackage = "x"\nversion = "1"\nfolder = "x"', "stands alone"),
        (
            '[[model.source]]\nkind = "url"\n[model.source.addresses]\n"a.bin" = "file:///etc/passwd"',
            "addresses",
        ),
        (
            f'[model.convert]\nstep = "s"\nfrom = "x"\nsize = 1\nsha256 = "{SHA}"\nto = "c.bin"',
            "not one of its files",
        ),
    ],
)
def test_entries_that_contradict_each_other_are_refused(more: str, named: str) -> None:
    with pytest.raises(ModelError) as refused:
        parse_manifest(GOOD + more)
    assert refused.value.code == "manifest_invalid"
    assert named in refused.value.detail


def test_a_missing_manifest_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as refused:
        load_manifest(tmp_path / "models.toml")
    assert refused.value.code == "manifest_missing"
    assert "models.toml" in refused.value.next_step


def test_an_unknown_model_names_the_known() -> None:
    with pytest.raises(ModelError) as refused:
        load_manifest().model("asr-tiny")
    assert refused.value.code == "model_unknown"
    assert "asr-moonshine-tiny-en" in refused.value.detail
