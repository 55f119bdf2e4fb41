"""Attacks on the door where new devices claim their place: guessing, over real TLS. A code is 100 bits; what
is limited is the work that guessing makes."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from agent.bench.attack_lab import Lab
from agent.bench.attacks import Attack, Where, codes
from agent.committing.claim_code import ClaimAnchor, ClaimCode, Enrolment
from order_backend.claims import MOST_FAILURES
from order_backend.enrolment import TRIES_AT_ONCE, EnrolmentService

GUESSES, FEW_GUESSES = 100_000, 200
_DEVICE = "kitchen-1"
_AT_ONCE = 4
_PATIENCE_S = 120.0
_DOOR: Where = "enrolment"


class _Door:
    """The shop's, and a code that was printed for a device which has not come yet."""

    def __init__(self, lab: Lab, port: int) -> None:
        self._lab, self._port = lab, port
        config = lab.folder.config()
        anchor = ClaimAnchor(
            config.shop_id,
            config.shop_name,
            config.environment,
            _DEVICE,
            lab.folder.ca_certificate.read_text("ascii"),
        )
        self._now_s = int(lab.shop.clock.read().now_s)
        self.code = lab.shop.claims.make(anchor, now_s=self._now_s, lifetime_s=3_600)
        self._context = ssl.create_default_context(cafile=str(lab.folder.ca_certificate))

    def asked(self, method: str, path: str, body: bytes = b"") -> str:
        """'let_in', or why not."""
        connection = http.client.HTTPSConnection(
            "localhost", self._port, context=self._context, timeout=_PATIENCE_S
        )
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        return "let_in" if answer.status == 200 else str(json.loads(said)["code"])

    def still_good(self) -> bool:
        """Whether the code would let its device in, and has let nobody in."""
        waits = _DEVICE in self._lab.shop.claims.open_ones(self._now_s)
        return waits and self._lab.shop.device(_DEVICE) is None


@contextmanager
def _door(lab: Lab) -> Iterator[_Door]:
    with EnrolmentService(lab.folder) as service:
        door = _Door(lab, service.port)
        yield door
        lab.shop.claims.withdraw(_DEVICE)


def _guess_codes(lab: Lab, guesses: int) -> str:
    """By one address. What is not limited is told that there is no such code."""
    seen: Counter[str] = Counter()
    with _door(lab) as door:

        def guess() -> None:
            for _ in range(guesses // _AT_ONCE):
                seen[door.asked("GET", f"/claims/{ClaimCode.new().name}")] += 1

        threads = [threading.Thread(target=guess) for _ in range(_AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not door.still_good() or seen.total() < guesses:
            return f"{dict(seen)}, and the code is not what it was"
    if seen.keys() != {"claim_unknown", "enrol_too_many"} or seen["claim_unknown"] < TRIES_AT_ONCE:
        return str(dict(seen))
    return seen.most_common(1)[0][0]


def _guess_a_password(lab: Lab) -> str:
    """Whoever saw the name on the wire, and has no code: the tenth guess closes it, before the address is
    made to wait."""
    with _door(lab) as door:
        requests = "none, it does not come to that"
        for _ in range(MOST_FAILURES):
            wrong = Enrolment(door.code.name, ClaimCode.new().password, requests)
            seen = door.asked("POST", "/enrolments", msgspec.json.encode(wrong))
            if seen != "claim_refused":
                return seen
        right = Enrolment(door.code.name, door.code.password, requests)
        return door.asked("POST", "/enrolments", msgspec.json.encode(right))


CLAIMS = (
    Attack("guessed claim codes", _DOOR, codes("enrol_too_many"), lambda lab: _guess_codes(lab, FEW_GUESSES)),
    Attack("guessed passwords of a claim", _DOOR, codes("claim_closed"), _guess_a_password),
)

MANY_CLAIMS = (
    Attack(
        *(f"{GUESSES:,} guessed claim codes", _DOOR, codes("enrol_too_many")),
        lambda lab: _guess_codes(lab, GUESSES),
        slow=True,
    ),
)
