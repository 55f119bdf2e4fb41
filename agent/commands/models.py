"""`earmark models fetch|pin|list|verify`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from agent.model_store.fetch import fetch_models
from agent.model_store.manifest import Manifest, load_manifest
from agent.model_store.pinning import pin_model
from agent.model_store.verify import list_models, verify_models
from agent.plumbing.settings_file import default_models_dir, load_settings


def _place(arguments: argparse.Namespace) -> tuple[Manifest, Path]:
    """The manifest, and where the files belong: the settings' folder, or the checkout's where there are
    none."""
    settings: Path = arguments.settings
    folder = Path(load_settings(settings).paths.models_dir) if settings.exists() else default_models_dir()
    return load_manifest(), folder


def fetch(arguments: argparse.Namespace) -> int:
    """Brings what is missing or damaged."""
    manifest, folder = _place(arguments)
    mirror = arguments.mirror or os.environ.get("EARMARK_MODEL_MIRROR")
    fetched = fetch_models(
        manifest,
        folder,
        tuple(arguments.ids),
        Path(mirror) if mirror else None,
        lambda line: print(line, flush=True),
    )
    print(f"models: {len(fetched)} fetched, all in place" if fetched else "models: all in place")
    return 0


def pin(arguments: argparse.Namespace) -> int:
    """Trusts the bytes of a downloaded archive from now on."""
    manifest, folder = _place(arguments)
    sha256 = pin_model(manifest.model(arguments.id), arguments.archive, folder, arguments.sha256)
    print(f"models: {arguments.id} pinned; its archive has the SHA-256 {sha256}")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Lists every model with its state."""
    manifest, folder = _place(arguments)
    for status in list_models(manifest, folder):
        size = f"{status.size_bytes / 1e6:.1f} MB" if status.size_bytes else "not known"
        print(f"{status.id:28} {status.state:8} {size:>9}  {status.licence:12} {status.purpose}")
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Hashes every file; 1 where one is missing or damaged."""
    manifest, folder = _place(arguments)
    problems = verify_models(manifest, folder)
    for problem in problems:
        print(f"{problem.model_id}/{problem.file}: {problem.detail}")
        print(f"  code: {problem.code}\n  next: {problem.next_step}")
    if not problems:
        print("models: every file has its hash")
    return 1 if problems else 0
