"""The keys of one purpose that count: the one of now, the one that is announced, and those that were. Of the
shop's agent, they close mandates; of its offers, what they have signed binds it."""

from __future__ import annotations

from typing import NamedTuple

from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.jws import PublicJwk
from agent.committing.rotation import Purpose
from order_backend.folder import ShopFolder
from order_backend.rotations import next_key, old_keys

_NEVER_OVER_S = 1 << 53


class StandingKeys(NamedTuple):
    """`keys` by kid; `others` are all but `current`, each with the end of its time (Unix seconds)."""

    current: PublicJwk
    others: tuple[tuple[PublicJwk, int], ...]
    keys: dict[str, ECKey]

    @staticmethod
    def of(folder: ShopFolder, purpose: Purpose) -> StandingKeys:
        """As they are in the folder now. Raises ConfigurationError shop_key_missing."""
        # In the order in which a rotation moves them, so that none is missed on its way.
        following = next_key(folder, purpose)
        current = folder.signing_key(purpose)
        keys = {current.thumbprint(): current}
        others = []
        for old in old_keys(folder, purpose):
            if old.public.kid not in keys:
                keys[old.public.kid] = old.key
                others.append((old.public, old.until_s))
        if following is not None and following.thumbprint() not in keys:
            keys[following.thumbprint()] = following
            # A device may name it as soon as it is announced, before this process has taken it up.
            others.append((jws.public_jwk(following), _NEVER_OVER_S))
        return StandingKeys(jws.public_jwk(current), tuple(others), keys)

    def at(self, now_s: int) -> tuple[PublicJwk, ...]:
        """Those whose time is not over."""
        return (self.current, *(key for key, end in self.others if now_s < end))
