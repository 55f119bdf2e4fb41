"""That a device is there, and that it is gone: signed together, for `uplink` to say and to leave as will."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from agent.committing.envelope import STATUS, StatusData, encode_event
from agent.committing.keys import KeyStore
from agent.committing.statements import StatusClaims, addressed
from agent.committing.trust import Trust
from agent.committing.trusted_time import TrustedTime
from agent.plumbing import audit
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Presence

LIFETIME_S = 365 * 24 * 3600
"""As long may one `till` live and its uplink come and go."""


class PresenceSigner:
    """One pair for the life of the process that signs: a session. Used from one thread."""

    def __init__(
        self,
        keys: KeyStore,
        trust: Trust,
        time: TrustedTime,
        device_id: str,
        new_id: Callable[[], UUID],
    ) -> None:
        self._keys, self._trust, self._time = keys, trust, time
        self._device_id, self._new_id = device_id, new_id
        self._pair: Presence | None = None

    def pair(self) -> Presence | None:
        """None while the time is not known, or the key cannot be reached: then the device says unsigned that
        it is there, and nobody believes it."""
        if self._pair is None and self._time.trusted:
            session, now_s = self._new_id(), self._time.now()
            try:
                self._pair = Presence(self._signed(True, session, now_s), self._signed(False, session, now_s))
            except TrustError as error:
                audit.log(error.code, detail=error.detail, next_step=error.next_step)
        return self._pair

    def _signed(self, online: bool, session: UUID, now_s: int) -> bytes:
        id_ = self._new_id()
        claims = StatusClaims(
            **addressed(self._trust, self._device_id, id_, now_s=now_s, exp=now_s + LIFETIME_S),
            online=online,
            session=str(session),
        )
        data = StatusData(online, self._keys.sign(claims))
        return encode_event(STATUS, id_=id_, source=self._device_id, now_s=now_s, data=data)
