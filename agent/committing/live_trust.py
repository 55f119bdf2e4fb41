"""What the device believes now: trust.json, and over it the rotations that the shop has announced since.

Those are in a file of their own, so that trust.json stays as it was provisioned, for whatever release reads
it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from agent.committing.envelope import TRUST, TrustData, decode_data, decode_event
from agent.committing.jws import PublicJwk
from agent.committing.kept_file import KeptFile
from agent.committing.live_authorities import FILE_NAME as AUTHORITIES_FILE
from agent.committing.live_authorities import LiveAuthorities
from agent.committing.mandates import Merchant, PaymentInstrument
from agent.committing.rotation import Followed, fold, follow
from agent.committing.trust import BrokerTrust, Environment, ShopKeys, TrustBundle
from agent.plumbing import audit
from agent.plumbing.errors import TrustError

FILE_NAME = "rotations.json"
"""In the till's part of state_dir."""
AGAIN_S = 60.0
"""Between two attempts of `LiveTrust.keep` to write what a disk would not take."""


class LiveTrust:
    """A `Trust` that changes. Used from one thread."""

    def __init__(self, bundle: TrustBundle, file: Path | None = None) -> None:
        """`file` keeps the rotations; without it they last as long as this. What cannot be read of it comes
        again from the broker, which has all of it."""
        self._bundle = bundle
        self._kept, self._again_s = KeptFile(file, "rotations_unwritable"), 0.0
        self._followed: Followed = fold(bundle, _read(file))
        self.clock: Callable[[], int | None] = lambda: None
        """Unix seconds, None while they are not known; then no key that is retired verifies."""
        self.authorities = LiveAuthorities(
            bundle,
            file.with_name(AUTHORITIES_FILE) if file is not None else None,
            self._followed.rings["policy"].verifying(0),
            self._kept.write,
        )
        """Who may vouch for the broker, by the word of the key for `policy`."""

    @property
    def shop_id(self) -> str:
        return self._bundle.shop_id

    @property
    def environment(self) -> Environment:
        return self._bundle.environment

    @property
    def merchant(self) -> Merchant:
        return self._bundle.merchant

    @property
    def payment_instrument(self) -> PaymentInstrument:
        return self._bundle.payment_instrument

    @property
    def broker(self) -> BrokerTrust:
        return self._bundle.broker

    @property
    def keys(self) -> ShopKeys:
        """Whose signatures hold now, by purpose."""
        rings, now_s = self._followed.rings, self.clock()
        return ShopKeys(
            receipts=rings["receipts"].verifying(now_s),
            time=rings["time"].verifying(now_s),
            catalogue=rings["catalogue"].verifying(now_s),
            policy=rings["policy"].verifying(now_s),
            offers=rings["offers"].verifying(now_s),
        )

    @property
    def shop_agent(self) -> PublicJwk:
        """Who may close what is signed from now on."""
        return self._followed.rings["agent"].current[0]

    def take(self, payload: bytes) -> int:
        """Follows what is new in the shop's announcement, and keeps it; how many rotations that were.

        Raises TrustError: envelope_malformed, and what `follow` raises for the last one that did not hold,
        where none did.
        """
        data = decode_data(decode_event(payload, TRUST), TrustData)
        rings, held = self._followed
        new, refused = list[str](), None
        for statement in data.statements:
            if statement in held:
                continue
            try:
                rings = follow(rings, statement, self._bundle)
            except TrustError as error:
                # Before a device was provisioned anew, say: that is no news, and no attack.
                refused = error if error.code != "signature_key_unknown" else refused
                continue
            new.append(statement)
        if not new:
            self._kept.write()
            if refused is not None:
                raise refused
            return 0
        self._followed = Followed(rings, (*held, *new))
        self._kept.put(msgspec.json.encode(TrustData(self._followed.statements)))
        self._kept.write()
        audit.log("keys_rotated", count=len(new))
        return len(new)

    def keep(self, monotonic_s: float) -> None:
        """Writes what could not be written when it came, each `AGAIN_S` at most: the broker repeats it only
        with a new session, which may be weeks away."""
        if (self._kept.waits or self.authorities.waits) and monotonic_s >= self._again_s:
            self._again_s = monotonic_s + AGAIN_S
            self._kept.write()
            self.authorities.keep()


def _read(file: Path | None) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=TrustData).statements if file is not None else ()
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        audit.log("rotations_unreadable", detail=f"{file}: {error}")
        return ()
