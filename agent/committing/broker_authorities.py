"""What `uplink` keeps of the authorities that `till` has told it: so that it believes no dropped one until
the till has spoken, and knows a new one when the till comes later."""

from __future__ import annotations

from pathlib import Path

import msgspec

from agent.committing.authorities import parsed
from agent.committing.live_authorities import over
from agent.committing.trust import BrokerTrust
from agent.plumbing import audit, durable
from agent.plumbing.errors import TrustError

FILE_NAME = "authorities.json"
"""In the uplink's part of state_dir."""


class _Kept(msgspec.Struct, frozen=True):
    over: str
    pem: str


def kept_authorities(folder: Path, trust: BrokerTrust) -> str:
    """All that may vouch for the broker, in PEM: what was kept in `folder`, else what was pinned."""
    file = folder / FILE_NAME
    try:
        kept = msgspec.json.decode(file.read_bytes(), type=_Kept)
        if kept.over == over(trust.ca_pem) and parsed(kept.pem):
            return kept.pem
    except FileNotFoundError:
        pass
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, TrustError) as error:
        audit.log("authorities_unreadable", detail=f"{file}: {error}")
    return trust.ca_pem


def keep_authorities(folder: Path, trust: BrokerTrust, pem: str) -> None:
    """On disk when this returns, or logged; the till says it again to each `uplink`."""
    try:
        content = msgspec.json.encode(_Kept(over(trust.ca_pem), pem))
        durable.write(folder / FILE_NAME, content, mode=0o600)
    except OSError as error:
        audit.log("authorities_unwritable", detail=f"{folder / FILE_NAME}: {error.strerror}")
