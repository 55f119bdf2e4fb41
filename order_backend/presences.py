"""Which devices are there, by their own signed word: the topic alone says who has a device's TLS key."""

from __future__ import annotations

from typing import Literal

from agent.committing.statements import StatusClaims

Seen = Literal["online", "offline", "unchanged", "stale", "unsigned"]


class Presences:
    """What one replica has heard. Of two sessions of a device the one that was signed later counts; within
    one session what came last."""

    def __init__(self) -> None:
        self._newest: dict[str, StatusClaims] = {}
        self._unsigned: set[str] = set()

    def take(self, device_id: str, claims: StatusClaims | None, *, now_s: int) -> Seen:
        """A status; `claims` None where nobody has signed it: then it changes nothing."""
        if claims is None:
            said_before = device_id in self._unsigned
            self._unsigned.add(device_id)
            return "unchanged" if said_before else "unsigned"
        before = self._newest.get(device_id)
        is_newer = before is None or claims.session == before.session or claims.iat > before.iat
        if not is_newer or claims.exp <= now_s:
            return "stale"
        self._newest[device_id] = claims
        self._unsigned.discard(device_id)
        if before is not None and before.online == claims.online:
            return "unchanged"
        return "online" if claims.online else "offline"

    def online(self) -> list[str]:
        """Those that have signed that they are there, and not since that they are gone."""
        return sorted(id_ for id_, claims in self._newest.items() if claims.online)
