"""`earmark bench conversations`: what is written in docs/conversations, held by the device's own dialogue."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from agent.plumbing.errors import ConfigurationError

if TYPE_CHECKING:
    from agent.bench import conversations as bench


def conversations(arguments: argparse.Namespace) -> int:
    """Holds them all, prints what differs and how many there are; 1 where any differs. Raises
    ConfigurationError: conversations_missing, conversations_invalid, conversation_unknown."""
    from agent.bench import conversations as bench
    from agent.bench.conversation_file import read_files

    paths = bench.conversation_files(arguments.folder or bench.FOLDER)
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
