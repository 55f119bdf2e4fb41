"""What there is to be said of the key that signs: another one is to follow, or the shop does not take it."""

from __future__ import annotations

from collections.abc import Iterator

from agent.commands.findings import Finding, State
from agent.plumbing import operator

_STOLEN = (
    "if nobody made this device anew, somebody else has its key: the shop: earmark-backend claim SHOP"
    " --device ID --replace --old-key-stolen; then, in an empty folder: earmark provision --help"
)
_WHY = {
    "key_not_ours": _STOLEN,
    "key_replaced": _STOLEN,
    "key_unknown": "ask the shop to admit this device again: docs/provisioning.md, 'Admit it'",
    "key_pending": "another key waits there: ask the shop, earmark-backend keys SHOP --device ID",
    "key_known": "the shop knew that key before: earmark keys renew --anew",
    "key_too_often": "it was asked for too many keys today; the shop takes another one tomorrow",
    "device_revoked": "the shop has revoked this device",
}
_BAD = ("key_not_ours", "key_replaced", "key_unknown")


def following(health: operator.Health) -> Iterator[Finding]:
    """Of a device that runs."""
    if health.key_fault:
        state: State = "bad" if health.key_fault in _BAD else "note"
        step = _WHY.get(health.key_fault, "docs/provisioning.md, 'Replace a device's signing key'")
        yield Finding("keys", state, f"the shop does not take a signing key ({health.key_fault})", step)
    if health.key_state == "asked":
        detail = "a new signing key waits for the shop's yes; the old one signs meanwhile"
        yield Finding("keys", "note", detail, "stay connected; an older shop gives no answer")
    elif health.key_state == "agreed":
        detail = "the shop has said yes to the new signing key, which signs from the next start on"
        step = "an installed device starts it by itself; another one: restart it"
        yield Finding("keys", "note", detail, step)
