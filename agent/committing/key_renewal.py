"""The till's side of a new signing key: it tells the shop, signed by both keys, until the shop has answered,
and keeps the answer. It goes on signing with the key that it has; another process puts the new one in its
place, at the next start.
"""

from __future__ import annotations

import random
import time as clocks
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

from agent.committing.envelope import KEY, KeyData, encode_event, up_topic
from agent.committing.jws import PublicJwk
from agent.committing.kept_file import KeptFile
from agent.committing.key_change import (
    CHANGES,
    KeyAnswerClaims,
    KeyChange,
    OfferedKey,
    answer_in,
    encode_changes,
    read_changes,
    read_offered,
    verify_answer,
)
from agent.committing.keys import KeyStore
from agent.committing.statements import CLOCK_SKEW_S, KeyClaims, addressed
from agent.committing.trust import Trust
from agent.committing.trusted_time import TrustedTime
from agent.plumbing import audit
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish

STATEMENT_LIFETIME_S = 7 * 24 * 3600
"""As long may it wait at the broker; each sending is signed anew."""
LOOK_S = 5.0
"""Between two looks whether there is a key that is to follow."""
KEEP_AGAIN_S = 60.0
_ALARMS = ("key_not_ours", "key_replaced")
"""Somebody else may have this device's key; no later answer makes that undone."""
_REST_S = (10.0, 60.0, 600.0, 3_600.0)
"""Between attempts: after the first, the second, the third, and all others."""


class KeyRenewal:
    """Used from one thread. `fault` is why the shop does not take a key of this device, '' where it does."""

    def __init__(
        self,
        keys: KeyStore,
        trust: Trust,
        time: TrustedTime,
        device_id: str,
        folder: Path | None = None,
        *,
        monotonic_s: Callable[[], float] = clocks.monotonic,
        new_id: Callable[[], UUID] = uuid4,
        jitter: Callable[[], float] = random.random,
        say_again: Callable[[], None] = lambda: None,
    ) -> None:
        """`folder` has the files of `key_change`; without it the key stays as it is. `say_again`: the shop
        knows the key again, and is to be told that this device is there."""
        self._keys, self._trust, self._time, self._device_id = keys, trust, time, device_id
        self._folder, self._say_again = folder, say_again
        self._monotonic_s, self._new_id, self._jitter = monotonic_s, new_id, jitter
        self._changes = read_changes(folder) if folder is not None else ()
        self._kept = KeptFile(folder / CHANGES if folder is not None else None, "key_changes_unwritable")
        self._offered: OfferedKey | None = None
        self._statement = ""
        self._asked: set[str] = set()
        self._named = {one.new.kid for one in self._changes}
        """Keys of this device's own that the shop may have been asked to take."""
        self._forgotten = False
        self._attempts, self._next_s, self._look_s, self._keep_s = 0, 0.0, 0.0, 0.0
        self.fault = ""

    @property
    def earlier(self) -> tuple[PublicJwk, ...]:
        """The keys that this device signed with before, the newest first: its journal holds what they
        signed."""
        kid = self._keys.device_kid
        found = {change.old.kid: change.old for change in reversed(self._changes) if change.old.kid != kid}
        return tuple(found.values())

    @property
    def state(self) -> str:
        """'asked', 'agreed' (the shop's yes is on disk, and the next start takes it up), or ''."""
        if self._offered is None or self._offered.old != self._keys.device_kid:
            return ""
        return "agreed" if self._is_agreed(self._offered) and not self._kept.waits else "asked"

    def linked(self) -> None:
        """A session came: what is not answered is due soon, not at once by every device."""
        self._attempts = 0
        self._next_s = min(self._next_s, self._monotonic_s() + _REST_S[0] * self._jitter())

    def tick(self) -> list[Publish]:
        """What is due now, nothing while the time is not known. To be called while there is a session."""
        if self._folder is None or not self._time.trusted:
            return []
        now = self._monotonic_s()
        if self._kept.waits and now >= self._keep_s:
            self._keep_s = now + KEEP_AGAIN_S
            self._kept.write()
        if now >= self._look_s:
            self._look_s = now + LOOK_S
            self._look(read_offered(self._folder))
        waits = self._waits()
        if now < self._next_s or (waits is None and not self._forgotten):
            return []
        self._next_s = now + _REST_S[min(self._attempts, len(_REST_S) - 1)] * (1.0 + self._jitter())
        self._attempts += 1
        if self._forgotten:
            return [self._returned(change) for change in self._changes]
        try:
            return [self._stated(waits)] if waits is not None else []
        except TrustError as error:  # the key store does not sign now
            self._failed(error.code, error.detail)
            return []

    def received(self, payload: bytes) -> None:
        """The shop's word on dn/key. Raises TrustError: envelope_malformed, key_answer_not_asked_for,
        key_answer_late, and what `verify_answer` raises."""
        signed = answer_in(payload)
        claims = verify_answer(signed, self._trust, self._device_id)
        offered, own = self._offered, self._keys.device_kid
        if claims.error in ("key_unknown", "key_replaced") and not claims.request:
            self._told_of_key(claims)
        elif claims.error:
            if claims.request not in self._asked:
                raise TrustError("key_answer_not_asked_for", "answers no statement of this process")
            self._failed(claims.error)
        elif claims.key == own:
            if self._forgotten:
                self._forgotten = False
                self._succeeded()
                audit.log("key_known_again", detail=own)
                self._say_again()
        elif offered is not None and (claims.old, claims.key) == (own, offered.key.kid):
            self._agree(offered, signed)
        elif claims.old == own and claims.key not in self._named:
            self._failed("key_not_ours", f"the shop has taken {claims.key[:64]} to follow {own}")
        else:
            raise TrustError("key_answer_not_asked_for", f"about the key {claims.key[:64]!r}")

    def _look(self, offered: OfferedKey | None) -> None:
        if offered != self._offered:
            self._offered, self._statement, self._attempts, self._next_s = offered, "", 0, 0.0
            self._succeeded()

    def _waits(self) -> OfferedKey | None:
        offered = self._offered
        if offered is None or offered.old != self._keys.device_kid or self._is_agreed(offered):
            return None
        return offered

    def _is_agreed(self, offered: OfferedKey) -> bool:
        return any((one.old.kid, one.new) == (offered.old, offered.key) for one in self._changes)

    def _stated(self, offered: OfferedKey) -> Publish:
        id_, statement = self._sign(offered)
        self._statement = statement
        self._asked.add(str(id_))
        self._named.add(offered.key.kid)
        return self._publish(id_, KeyData(statement))

    def _sign(self, offered: OfferedKey) -> tuple[UUID, str]:
        """Raises TrustError clock_untrusted, and what the key store raises."""
        now_s, id_ = self._time.now(), self._new_id()
        claims = KeyClaims(
            **addressed(self._trust, self._device_id, id_, now_s=now_s, exp=now_s + STATEMENT_LIFETIME_S),
            key=offered.key,
            proof=offered.proof,
        )
        return id_, self._keys.sign(claims)

    def _returned(self, change: KeyChange) -> Publish:
        id_ = self._new_id()
        self._asked.add(str(id_))
        return self._publish(id_, KeyData(change.statement, change.answer))

    def _publish(self, id_: UUID, data: KeyData) -> Publish:
        payload = encode_event(KEY, id_=id_, source=self._device_id, now_s=self._time.now(), data=data)
        return Publish(f"key-{id_}", up_topic(self._device_id, "key"), payload)

    def _agree(self, offered: OfferedKey, answer: str) -> None:
        if self._is_agreed(offered):
            return
        # The answer may be of days ago, to a statement of a process before this one.
        statement = self._statement or self._sign(offered)[1]
        change = KeyChange(self._keys.public_jwk(), offered.key, statement, answer)
        # Of the keys that followed this one the last counts, or a restored shop would be given another.
        self._changes = (*(one for one in self._changes if one.old != change.old), change)
        self._kept.put(encode_changes(self._changes))
        self._kept.write()
        self._succeeded()
        audit.log("key_agreed", detail=offered.key.kid, next_step="the next start signs with it")

    def _told_of_key(self, claims: KeyAnswerClaims) -> None:
        """The shop says so when this device says that it is there; what comes later is old news."""
        if claims.key != self._keys.device_kid:
            raise TrustError("key_answer_not_asked_for", f"about the key {claims.key[:64]!r}")
        if not self._time.trusted or abs(self._time.now() - claims.iat) > CLOCK_SKEW_S:
            raise TrustError("key_answer_late", f"was said at {claims.iat}")
        self._failed(claims.error)
        has_yes = any(one.new.kid == claims.key for one in self._changes)
        if claims.error == "key_unknown" and has_yes and not self._forgotten:
            self._forgotten, self._attempts, self._next_s = True, 0, 0.0
            audit.log("key_forgotten", detail="was the shop restored? it is given its own yes back")

    def _succeeded(self) -> None:
        self.fault = self.fault if self.fault in _ALARMS else ""

    def _failed(self, fault: str, detail: str = "") -> None:
        if fault != self.fault:
            audit.log(fault, detail=detail or self._keys.device_kid, next_step="earmark doctor")
        if self.fault not in _ALARMS or fault in _ALARMS:
            self.fault = fault
