"""`python -m agent.model_store fetch|list|verify`: the model store alone, as scripts/setup uses it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from agent.model_store.fetch import fetch_models
from agent.model_store.manifest import load_manifest
from agent.model_store.verify import list_models, verify_models
from agent.plumbing.errors import EarmarkError
from agent.plumbing.settings_file import default_models_dir


def main(arguments: list[str] | None = None) -> int:
    """0 when all is well, 1 when a model is missing, damaged or cannot be fetched."""
    parser = argparse.ArgumentParser(prog="python -m agent.model_store", description=__doc__)
    parser.add_argument("action", choices=("fetch", "list", "verify"))
    parser.add_argument(
        "ids", nargs="*", metavar="ID", help="models to act on (default: those every device needs)"
    )
    parser.add_argument("--models-dir", type=Path, default=default_models_dir())
    parser.add_argument(
        "--mirror", type=Path, help="folder to take files from first (or EARMARK_MODEL_MIRROR)"
    )
    options = parser.parse_args(arguments)
    mirror = options.mirror or (Path(named) if (named := os.environ.get("EARMARK_MODEL_MIRROR")) else None)
    try:
        return _run(options.action, tuple(options.ids), options.models_dir, mirror)
    except EarmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(action: str, ids: tuple[str, ...], models_dir: Path, mirror: Path | None) -> int:
    manifest = load_manifest()
    match action:
        case "fetch":
            fetched = fetch_models(
                manifest, models_dir, ids, mirror, lambda line: print(f"  {line}", flush=True)
            )
            print(f"models: {len(fetched)} fetched, the rest was there" if fetched else "models: all there")
            return 0
        case "list":
            for status in list_models(manifest, models_dir):
                print(f"{status.state:8} {status.size_bytes / 1e6:6.1f} MB  {status.id:24} {status.purpose}")
            return 0
    problems = verify_models(manifest, models_dir, ids)
    for problem in problems:
        print(f"{problem.model_id}: {problem.as_error()}", file=sys.stderr)
    print("models: all as listed" if not problems else f"models: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
