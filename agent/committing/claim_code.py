"""The code that a shop prints for one new device, and what both sides make of it.

It is a secret of 100 bits in Crockford's base 32, with 20 bits that tell a typing error from a wrong code. By
HKDF (RFC 5869) it becomes three values of no use for each other: a name under which the shop knows it, a
password that shows that the device has it, and a key by which the shop's first word to the device is
authenticated (HMAC), so that the device need not trust whoever answers first. The shop keeps the name, a hash
of the password and that one HMAC: nothing of it gives the code.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Literal

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from agent.plumbing.errors import TrustError

PORT = 8843
"""Of the shop's door, unless somebody says otherwise."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKS_LIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})
_SECRET, _CHECK, _GROUP = 20, 4, 4


class ClaimAnchor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shop's first word, which the code vouches for: who the device is to be, and whom it may believe."""

    shop_id: str
    shop_name: str
    environment: Literal["production", "test", "demo"]
    device_id: str
    ca_pem: str


class ClaimAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`anchor` is the JSON of a `ClaimAnchor`, `mac` its HMAC-SHA256 in hexadecimal."""

    anchor: str
    mac: str


class Enrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the device sends: the claim's name, its password, and two certificate requests (PEM)."""

    claim: str
    password: str
    requests: str


class Enrolled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it gets: its client certificate (PEM), and the contents of trust.json and catalogue.json."""

    certificate: str
    trust: str
    catalogue: str


class EnrolmentRefused(msgspec.Struct, frozen=True):
    """Why not."""

    code: str
    detail: str = ""
    next_step: str = ""


class ClaimCode:
    """One code. Its text is never logged."""

    def __init__(self, characters: str) -> None:
        """`characters`: 20 of Crockford's alphabet."""
        self._characters = characters
        self.name = self._derived(b"name", 16).hex()
        """Under which the shop knows it; tells nothing about the rest."""
        self.password = self._derived(b"password", 32).hex()
        """Sent to the shop once the shop has shown who it is."""

    @staticmethod
    def new() -> ClaimCode:
        """A fresh one, of the operating system's randomness."""
        return ClaimCode("".join(secrets.choice(_ALPHABET) for _ in range(_SECRET)))

    @staticmethod
    def parse(text: str) -> ClaimCode:
        """As somebody typed it: small letters, spaces, O for 0 and l for 1 are understood. Raises TrustError
        claim_mistyped."""
        plain = text.strip().upper().translate(_LOOKS_LIKE)
        characters, check = plain[:_SECRET], plain[_SECRET:]
        if len(plain) != _SECRET + _CHECK or not set(plain) <= set(_ALPHABET) or check != _check(characters):
            raise TrustError(
                "claim_mistyped",
                "this is not a code as shops print them",
                "compare it with the print, letter by letter",
            )
        return ClaimCode(characters)

    @property
    def text(self) -> str:
        """For people: six groups of four."""
        whole = self._characters + _check(self._characters)
        return "-".join(whole[at : at + _GROUP] for at in range(0, len(whole), _GROUP))

    def mac(self, anchor: str) -> str:
        """HMAC-SHA256 of the anchor's JSON, hexadecimal."""
        return hmac.new(self._derived(b"anchor", 32), anchor.encode(), hashlib.sha256).hexdigest()

    def believed(self, answer: ClaimAnswer) -> ClaimAnchor:
        """The anchor, once whoever sent it has shown that the shop that printed this code wrote it. Raises
        TrustError: claim_forged, claim_answer."""
        if not hmac.compare_digest(self.mac(answer.anchor), answer.mac):
            raise TrustError(
                "claim_forged",
                "whoever answers there is not the shop that printed this code",
                "check address and network; never type the code anywhere else",
            )
        try:
            return msgspec.json.decode(answer.anchor, type=ClaimAnchor)
        except msgspec.DecodeError as error:
            raise TrustError("claim_answer", f"the shop's answer: {error}", "update Earmark") from error

    def _derived(self, purpose: bytes, size: int) -> bytes:
        kdf = HKDF(hashes.SHA256(), size, salt=None, info=b"earmark claim " + purpose)
        return kdf.derive(self._characters.encode("ascii"))


def password_hash(password: str) -> str:
    """What a shop keeps of a password; it has 256 bits of its own, so no slow hash is needed."""
    return hashlib.sha256(password.encode()).hexdigest()


def _check(characters: str) -> str:
    digest = int.from_bytes(hashlib.sha256(b"earmark claim check " + characters.encode()).digest())
    return "".join(_ALPHABET[digest >> 5 * place & 31] for place in range(_CHECK))
