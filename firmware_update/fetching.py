"""The process that talks to the repository: finds, verifies and downloads, and writes to `incoming` only.

What it brings is verified again by the process that installs it, so taking this one over gains no release. It
reads a `Wanted` (JSON, to the end) from standard input and writes one line of JSON: `Answer` or `Refusal`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import msgspec

from agent.plumbing import audit, sandbox
from agent.plumbing.errors import EarmarkError, UpdateError
from agent.plumbing.settings import Settings
from agent.plumbing.settings_file import load_settings
from firmware_update.client import Fetched, Wanted, fetch_release
from firmware_update.fetchers import LimitedFetcher
from firmware_update.service import Refusal

INCOMING = "incoming"
ARCHIVE, METADATA = "release.tar.gz", "metadata"
_LONGEST_REQUEST_BYTES = 1_048_576


class Answer(msgspec.Struct, frozen=True, tag="fetched"):
    """What `fetch_release` gave."""

    fetched: Fetched


def main(arguments: list[str] | None = None) -> int:
    """0 with an Answer, 1 with a Refusal."""
    parser = argparse.ArgumentParser(prog="fetching", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True)
    settings = load_settings(parser.parse_args(arguments).settings)
    audit.set_process("updater")
    try:
        sandbox.tighten("updater")
        line: Answer | Refusal = Answer(_fetch(settings))
    except EarmarkError as error:
        line = Refusal(error.code, error.detail, error.next_step)
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    return 0 if isinstance(line, Answer) else 1


def _fetch(settings: Settings) -> Fetched:
    incoming, update = Path(settings.paths.slots_dir) / INCOMING, settings.update
    try:
        wanted = msgspec.json.decode(sys.stdin.buffer.read(_LONGEST_REQUEST_BYTES), type=Wanted)
    except msgspec.DecodeError as error:
        raise UpdateError("update_request", f"no request: {error}", "earmark-update check") from error
    fetcher = LimitedFetcher(
        incoming, stall_seconds=update.stall_seconds, total_seconds=update.longest_fetch_seconds
    )
    return fetch_release(
        wanted,
        fetcher,
        url=update.url,
        pinned_root=pinned_root(settings),
        metadata_dir=incoming / METADATA,
        archive=incoming / ARCHIVE,
        now_s=int(time.time()),
    )


def pinned_root(settings: Settings) -> bytes:
    """The root metadata that was brought here on a trusted way. Raises UpdateError update_no_root."""
    path = Path(settings.paths.update_root_file)
    try:
        return path.read_bytes()
    except OSError as error:
        step = "bring 1.root.json of the repository there"
        raise UpdateError("update_no_root", f"{path}: {error.strerror}", step) from error


if __name__ == "__main__":
    sys.exit(main())
