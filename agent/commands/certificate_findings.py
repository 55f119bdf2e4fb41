"""How long the device may still connect to the broker: its certificate, and whether it is being renewed."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from pathlib import Path

from agent.commands.findings import Finding
from agent.committing.authorities import parsed
from agent.committing.broker_authorities import kept_authorities
from agent.committing.client_identity import FOLDER, client_pairs
from agent.committing.keys import MQTT_CERTIFICATE
from agent.committing.renewal import TOLD_WITHIN
from agent.committing.trust import load_trust
from agent.plumbing import operator
from agent.plumbing.settings import Settings

SUCCESSOR_WITHIN_S = 365 * 86_400
"""Before its end the broker's authority should have a successor that this device knows."""
STEP = "ask the shop to admit the device again: docs/provisioning.md, 'When a certificate expires'"
_WHY = {
    "renewal_unwritable": "the folder 'uplink' of state_dir cannot be written: make room, or mend its owner",
    "renewal_unanswered": "the shop does not answer: its order service may be older, or without its ca.key",
    "renewal_device_revoked": "the shop has revoked this device",
}


def certificate(settings: Settings) -> Iterator[Finding]:
    """From the files, so that it is known while nothing runs, too. Raises TrustError as `client_pairs`."""
    if not (Path(settings.paths.keys_dir) / MQTT_CERTIFICATE).exists():
        return  # said of the keys
    [pair, *_] = client_pairs(Path(settings.paths.keys_dir), Path(settings.paths.state_dir))
    left_s = pair.not_after_s - time.time()
    text = f"certificate for the broker {until(pair.not_after_s)}"
    if left_s < 0:
        yield Finding("certificate", "bad", text, STEP)
    elif left_s < (pair.not_after_s - pair.not_before_s) * TOLD_WITHIN:
        yield Finding("certificate", "note", f"{text}; it should have been renewed", STEP)
    else:
        yield Finding("certificate", "ok", f"{text}; renewed at two thirds of its time")


def authority(settings: Settings) -> Iterator[Finding]:
    """Until when whoever vouches for the broker may, from the files. Raises TrustError as `load_trust`."""
    if not Path(settings.paths.trust_file).exists():
        return  # said of the keys
    trust = load_trust(Path(settings.paths.trust_file))
    known = parsed(kept_authorities(Path(settings.paths.state_dir) / FOLDER, trust.broker))
    last = int(max(one.not_valid_after_utc.timestamp() for one in known))
    text = f"the broker's authority lasts {until(last)}"
    if len(known) > 1:
        text += "; the shop is replacing the one before it"
    if last - time.time() < SUCCESSOR_WITHIN_S:
        step = "ask the shop for its successor: earmark-backend authority SHOP"
        yield Finding("certificate", "note", text, step)
    else:
        yield Finding("certificate", "ok", text)


def renewing(health: operator.Health) -> Iterator[Finding]:
    """Why the running device could not renew it."""
    if health.certificate_fault:
        why = _WHY.get(health.certificate_fault, STEP)
        yield Finding("certificate", "note", f"not renewed ({health.certificate_fault})", why)


def until(unix_s: int) -> str:
    """'until 2027-11-28, 364 days'."""
    day = datetime.datetime.fromtimestamp(unix_s, datetime.UTC).date().isoformat()
    days = int((unix_s - time.time()) // 86_400)
    return f"until {day}, {days} days" if days >= 0 else f"has ended on {day}"
