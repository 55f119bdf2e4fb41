"""`earmark keys …`: the key that signs orders, and the one that is to follow it."""

from __future__ import annotations

import argparse
from pathlib import Path

from agent.committing.key_change import read_changes, read_offered
from agent.committing.key_stores import open_key_store
from agent.committing.keys import TypedSigner
from agent.committing.next_key import finish_change, forget_next_key, offer_next_key
from agent.plumbing.settings_file import load_settings

_STARTS = "start it: earmark run; an installed device: systemctl restart earmark.target"


def renew(arguments: argparse.Namespace) -> int:
    """One step further, whatever was done before. Raises TrustError as `offer_next_key` and
    `finish_change`."""
    settings = load_settings(arguments.settings)
    if finish_change(settings, arguments.settings, by_hand=True) == "changed":
        print("the new key has taken over: the device signs with it from its next start on")
        print(f"next: {_STARTS}")
        return 0
    if arguments.anew:
        forget_next_key(settings)
    offered, is_new = offer_next_key(settings)
    if is_new:
        print(f"a key was made that is to follow: {offered.key.kid}")
    print("the device asks the shop as soon as it is connected, and signs with the old one meanwhile")
    print("next: earmark keys show; after the shop's yes an installed device takes it up by itself,")
    print("another one at its next start, or by this command once more")
    return 0


def take_up(arguments: argparse.Namespace) -> int:
    """0 where another key signs from the till's next start on; 1 where nothing has changed. Makes none: this
    is for the machine, by itself. Raises TrustError as `finish_change`."""
    settings = load_settings(arguments.settings)
    return 0 if finish_change(settings, arguments.settings, by_hand=False) == "changed" else 1


def show(arguments: argparse.Namespace) -> int:
    """Prints keys by their thumbprints (RFC 7638), as the shop knows them. Raises TrustError as
    `open_key_store`."""
    settings = load_settings(arguments.settings)
    folder = Path(settings.paths.state_dir) / "till"
    key = open_key_store(settings, by_hand=True)
    kid = key.device_kid
    if isinstance(key, TypedSigner):
        key.close()
    print(f"{kid}  signs ({settings.keys.store})")
    changes, offered = read_changes(folder), read_offered(folder)
    if offered is not None and offered.old == kid:
        agreed = any((one.old.kid, one.new) == (offered.old, offered.key) for one in changes)
        said = (
            "the shop has said yes; it signs from the next start on" if agreed else "no yes of the shop yet"
        )
        print(f"{offered.key.kid}  is to follow; {said}")
    for change in reversed(changes):
        if change.old.kid != kid:
            print(f"{change.old.kid}  signed before")
    return 0
