"""`earmark hear`: the recogniser's view of audio files, for a person or a script."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from agent.deciding.catalogue import parse_catalogue
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import OrderAsked, understand
from agent.plumbing.errors import AudioError, CatalogueError
from agent.plumbing.settings import Settings
from agent.plumbing.settings_file import load_settings, parse_settings
from agent.till.catalogue_store import served_file


def run(arguments: argparse.Namespace) -> int:
    """Prints what is heard in each file; 1 where a file is no sound.

    Besides what `FileListener.hear` gives: `slots`, as the words fill them (of several items the last), and
    `lines`, what the order comes to, [{"sku": ..., "quantity": n, "unit": ...}]; both empty without an order.
    """
    from agent.hearing.inspect import FileListener

    settings = _settings(arguments.settings)
    catalogue = parse_catalogue(_catalogue_bytes(arguments.catalogue or served_file(settings.paths)))
    graph = compile_sentences(catalogue, settings.device.language)
    parser, listener = SentenceParser(graph), FileListener(graph, settings)
    failed = False
    for path in arguments.files:
        try:
            heard = listener.hear(path)
        except AudioError as error:
            failed = True
            heard = {"file": str(path), "error": error.code, "detail": error.detail, "next": error.next_step}
        else:
            words = heard["words"] if heard["accepted"] else ""
            meaning = understand(parser, catalogue, "order", words, heard["open_words"])
            tags = parser.parse("order", words) if words else None
            lines = meaning.basket.lines if isinstance(meaning, OrderAsked) else ()
            heard = {
                "file": str(path),
                **heard,
                "slots": {tag.slot: tag.value for tag in tags or ()},
                "lines": [{"sku": line.sku, "quantity": line.quantity, "unit": line.unit} for line in lines],
            }
        print(json.dumps(heard) if arguments.json else _for_people(heard), flush=True)
    return 1 if failed else 0


def _settings(path: Path) -> Settings:
    """The device's settings; the defaults where there is no device yet."""
    return load_settings(path) if path.exists() else parse_settings("", base=Path.cwd())


def _catalogue_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CatalogueError(
            "catalogue_missing", f"cannot read {path}", "earmark hear --catalogue FILE ..."
        ) from error


def _for_people(heard: dict[str, object]) -> str:
    return "\n".join(f"{key:>12}: {value}" for key, value in heard.items()) + "\n"
