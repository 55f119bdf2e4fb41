"""`earmark catalogue load`: a new catalogue for the running device, which serves the old one meanwhile."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from agent.commands.operators import OperatorClient
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.edition import source_id
from agent.plumbing import operator
from agent.plumbing.errors import CatalogueError
from agent.plumbing.memfd import sealed_memfd
from agent.plumbing.settings_file import load_settings

_STAGES: dict[operator.CatalogueStage, str] = {
    "compiling": "it is being compiled; the one before serves",
    "waiting": "compiled; it is taken up as soon as nobody is being heard",
    "in_use": "in use",
}


def load(arguments: argparse.Namespace) -> int:
    """Brings it to the till and follows it until it is in use. Raises CatalogueError and IpcError."""
    settings = load_settings(arguments.settings)
    path: Path = arguments.file or Path(settings.paths.catalogue_file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CatalogueError(
            "catalogue_missing", f"cannot read {path}: {error.strerror}", "name the shop's catalogue"
        ) from error
    catalogue = parse_catalogue(data, name=str(path))
    client = OperatorClient(Path(settings.paths.state_dir))
    fd = sealed_memfd(data)
    try:
        client.send(operator.LoadCatalogue(catalogue.version, source_id(data)), (fd,))
    finally:
        os.close(fd)
    print(f"version {catalogue.version}, {len(catalogue.products)} products")
    stage = ""
    while stage != "in_use":
        told: operator.CatalogueAt = client.receive(operator.CatalogueAt)
        stage = told.stage
        print(_STAGES[told.stage], flush=True)
    return 0
