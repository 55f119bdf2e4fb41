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
REST_S = 5
"""Between two pairs at least."""


class PresenceSigner:
    """One pair for the life of the process that signs: a session. Used from one thread."""

    def __init__(
        self,
        keys: KeyStore,
        trust: Trust,
        time: TrustedTime,
        device_id: str,
        new_id: Callable[[], UUID],
        holds: Callable[[], tuple[str, int]] = lambda: ("", 0),
    ) -> None:
        """`holds`: the serial number of its certificate, and of the list of authorities that it keeps."""
        self._keys, self._trust, self._time = keys, trust, time
        self._device_id, self._new_id = device_id, new_id
        self._session: UUID | None = None
        self._holds = holds
        self._pair: Presence | None = None
        self._said, self._signed_s = ("", 0), 0

    def pair(self) -> Presence | None:
        """None while the time is not known, or the key cannot be reached: then the device says unsigned that
        it is there, and nobody believes it. Another pair of the same session where it holds something else
        now; but not often, however often somebody says so."""
        if not self._time.trusted or (self._pair is not None and self._said == self._holds()):
            return self._pair
        now_s, self._session = self._time.now(), self._session or self._new_id()
        if self._pair is None or abs(now_s - self._signed_s) >= REST_S:  # a clock that was ahead goes back
            said = self._holds()
            try:
                self._pair = Presence(self._signed(True, now_s, said), self._signed(False, now_s, said))
            except TrustError as error:
                audit.log(error.code, detail=error.detail, next_step=error.next_step)
            else:
                self._said, self._signed_s = said, now_s
        return self._pair

    def again(self) -> None:
        """The shop could not know who said it: `pair` gives another one, of the same session."""
        self._said = ("again", 0)

    def _signed(self, online: bool, now_s: int, said: tuple[str, int]) -> bytes:
        id_ = self._new_id()
        claims = StatusClaims(
            **addressed(self._trust, self._device_id, id_, now_s=now_s, exp=now_s + LIFETIME_S),
            online=online,
            session=str(self._session),
            certificate=said[0],
            authorities=said[1],
        )
        data = StatusData(online, self._keys.sign(claims))
        return encode_event(STATUS, id_=id_, source=self._device_id, now_s=now_s, data=data)
