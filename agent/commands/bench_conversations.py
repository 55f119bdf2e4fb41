"""`earmark bench conversations`: what is written in docs/conversations, held by the device's own dialogue."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.settings_file import default_models_dir

if TYPE_CHECKING:
    from pathlib import Path

    from agent.bench import conversations as bench


def conversations(arguments: argparse.Namespace) -> int:
    """Holds them all, prints what differs and how many there are; 1 where any differs. Raises
    ConfigurationError: conversations_missing, conversations_invalid, conversation_unknown; where they are
    spoken AudioError and ModelError as well."""
    from agent.bench import conversations as bench
    from agent.bench.conversation_file import read_files

    paths = bench.conversation_files(arguments.folder or bench.FOLDER)
    if arguments.spoken is not None:
        return _spoken(paths, arguments.spoken, as_json=arguments.json)
    held = bench.hold(read_files(paths, drafts=arguments.rewrite))
    if arguments.show is not None:
        print(bench.transcript(_shown(arguments.show, held)))
        return 0
    if arguments.rewrite:
        for path, text in bench.rewritten(held).items():
            path.write_text(text, encoding="utf-8")
            print(f"{path}: now read the difference, line by line")
        return 0
    counts = bench.counts(held)
    if arguments.json:
        print(json.dumps(counts))
    else:
        for conversation, played in held:
            for fault in played.faults:
                print(f"{conversation.file}:{fault}")
        print(", ".join(f"{name} {count}" for name, count in counts.items()))
    return 1 if counts["failed"] else 0


def _spoken(paths: list[Path], many: int, *, as_json: bool) -> int:
    """1 where something was ordered that is not written, or an error ended one of them."""
    from agent.bench.conversation_file import read_files
    from agent.bench.conversations_spoken import chosen, hold_spoken, spoken_counts

    held = hold_spoken(chosen(read_files(paths), many), default_models_dir())
    counts = spoken_counts(held)
    if as_json:
        print(json.dumps(counts))
    else:
        for name, fault in counts.pop("otherwise").items():
            print(f"{name}\n    {fault}")
        print(", ".join(f"{what.replace('_', ' ')} {count}" for what, count in counts.items()))
    ended = any(not each.played.then for each in held)
    return 1 if counts["orders_not_written"] or ended or not held else 0


def _shown(wanted: str, held: list[bench.Held]) -> bench.Held:
    """By its number, from 1, or by a part of its name."""
    if wanted.isdecimal() and 1 <= int(wanted) <= len(held):
        return held[int(wanted) - 1]
    found = [each for each in held if wanted.casefold() in each.conversation.name.casefold()]
    if wanted.isdecimal() or not found:
        raise ConfigurationError(
            "conversation_unknown",
            f"no conversation {wanted!r}",
            f"a number from 1 to {len(held)}, or a name",
        )
    return found[0]
