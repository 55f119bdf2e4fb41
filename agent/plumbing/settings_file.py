"""Settings from a TOML file. Unknown keys are an error; relative paths are relative to the file's folder."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import msgspec

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.settings import SCHEMA_VERSION, Paths, Settings

_PATH_FIELDS = (
    "state_dir",
    "keys_dir",
    "trust_file",
    "catalogue_file",
    "policy_file",
    "models_dir",
    "slots_dir",
    "update_root_file",
)


def default_models_dir() -> Path:
    """`models/files` beside models.toml in a checkout or an installed prefix."""
    return Path(__file__).resolve().parents[2] / "models" / "files"


def load_settings(path: Path) -> Settings:
    """Settings from `path`, with all paths absolute.

    Raises ConfigurationError: config_missing, config_syntax, config_invalid (unknown key, wrong type, range),
    config_newer (written for a later schema).
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "config_missing", f"cannot read {path}: {error}", "earmark provision --help"
        ) from error
    settings = parse_settings(text, base=path.resolve().parent, name=str(path))
    # Under systemd each unit is given its own keys, and the folder they are stored in is closed to it.
    if credentials := os.environ.get("CREDENTIALS_DIRECTORY"):
        paths = msgspec.structs.replace(settings.paths, keys_dir=credentials)
        settings = msgspec.structs.replace(settings, paths=paths)
    return settings


def parse_settings(text: str, *, base: Path, name: str = "settings") -> Settings:
    """Like `load_settings`, on TOML text; relative paths are taken from `base`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            "config_syntax", f"{name}: {error}", "mend the line; the file is TOML 1.0"
        ) from error
    version = raw.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise ConfigurationError(
            "config_newer",
            f"{name} has schema {version}, this release knows {SCHEMA_VERSION}",
            "update earmark-agent",
        )
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        raise ConfigurationError(
            "config_invalid", f"{name}: {error}", "see docs/settings.md for every key, its unit and default"
        ) from error
    absolute = {
        field: str((base / value).resolve())
        if (value := getattr(settings.paths, field))
        else str(default_models_dir())
        for field in _PATH_FIELDS
    }
    site = settings.site_broker
    named = {
        field: str((base / value).resolve())
        for field in ("ca_file", "password_file")
        if (value := getattr(site, field))
    }
    return msgspec.structs.replace(
        settings, paths=Paths(**absolute), site_broker=msgspec.structs.replace(site, **named)
    )
