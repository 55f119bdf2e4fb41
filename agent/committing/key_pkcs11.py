"""The signing key in a PKCS#11 token (a smart card, an HSM, SoftHSM), over python-pkcs11.

The key is made in the token, sensitive and not extractable (PKCS#11 v2.40, section 4.9); the PIN stands in an
owner-only file. Imported only by a device whose settings say so.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, TokenFlag
from pkcs11.exceptions import (
    MultipleObjectsReturned,
    MultipleTokensReturned,
    NoSuchKey,
    NoSuchToken,
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
)
from pkcs11.util.ec import encode_named_curve_parameters

from agent.committing import jws
from agent.committing.jws import PublicJwk
from agent.committing.keys import read_private, write_private
from agent.plumbing.errors import TrustError
from agent.plumbing.key_settings import Keys

PIN_FILE = "pkcs11.pin"
"""Under keys_dir; one line."""

_STEP = "earmark doctor, with the token in its place"
_PIN_WRONG = (PinIncorrect, PinInvalid, PinLenRange, PinExpired, PinLocked)
# CKF_USER_PIN_COUNT_LOW is up from the first wrong PIN until the next right one.
_COUNTING = TokenFlag.USER_PIN_COUNT_LOW | TokenFlag.USER_PIN_FINAL_TRY | TokenFlag.USER_PIN_LOCKED
_POINT_BYTES = 65


class Pkcs11Signer:
    """A `jws.Signer` over one private key of one token."""

    def __init__(self, where: Keys, keys_dir: Path, *, by_hand: bool = False) -> None:
        """Opens the token and finds the key. A PIN that the token is counting as wrong is not tried again
        unless `by_hand`: a device that restarts would lock its own card.

        Raises TrustError: key_missing, key_readable_by_others, key_store_unavailable, key_store_pin,
        key_store_ambiguous, key_unusable.
        """
        self._where, self._keys_dir = where, keys_dir
        self._session = open_token(where, keys_dir, rw=False, by_hand=by_hand)
        try:
            self._key, self.public = self._find()
        except TrustError:
            self.close()
            raise

    @staticmethod
    def create(where: Keys, keys_dir: Path, pin: str) -> Pkcs11Signer:
        """Makes the key in the token, and writes the PIN down for the device. Raises TrustError key_exists
        (a key of that label, or a PIN file), and what opening raises."""
        if (keys_dir / PIN_FILE).exists():
            raise TrustError("key_exists", f"{keys_dir / PIN_FILE} is there already", "move it away first")
        session = open_token(where, keys_dir, rw=True, by_hand=True, pin=pin)
        with session:
            wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: where.pkcs11_key}
            if next(iter(session.get_objects(wanted)), None) is not None:
                raise TrustError(
                    "key_exists",
                    f"the token {where.pkcs11_token!r} has a key {where.pkcs11_key!r} already",
                    "choose another with --pkcs11-key",
                )
            write_private(keys_dir / PIN_FILE, pin.encode() + b"\n")
            try:
                make_key(session, where.pkcs11_key)
            except TrustError:
                (keys_dir / PIN_FILE).unlink()
                raise
        return Pkcs11Signer(where, keys_dir)

    def sign_es256(self, signing_input: bytes) -> bytes:
        """Raises TrustError as the constructor does: a token that was pulled and put back is opened anew."""
        digest = hashlib.sha256(signing_input).digest()
        try:
            return self._signature(digest)
        except PKCS11Error:
            self.close()
            self._session = open_token(self._where, self._keys_dir, rw=False, by_hand=False)
            self._key, public = self._find()
        if public != self.public:
            raise TrustError("key_store_changed", "the token holds another key than before", _STEP)
        try:
            return self._signature(digest)
        except PKCS11Error as error:
            raise unavailable("the token does not sign", error) from error

    def close(self) -> None:
        """Logs out; the login is the whole process's, so the token can be opened anew only then."""
        with contextlib.suppress(PKCS11Error):
            self._session.close()

    def _signature(self, digest: bytes) -> bytes:
        signature: bytes = self._key.sign(digest, mechanism=Mechanism.ECDSA)
        if len(signature) != 64:
            raise TrustError("key_unusable", f"the token's signature has {len(signature)} bytes, not 64")
        return signature

    def _find(self) -> tuple[Any, PublicJwk]:
        label = self._where.pkcs11_key
        try:
            private = self._session.get_key(ObjectClass.PRIVATE_KEY, KeyType.EC, label=label)
            public = self._session.get_key(ObjectClass.PUBLIC_KEY, KeyType.EC, label=label)
            curve, point = public[Attribute.EC_PARAMS], public[Attribute.EC_POINT]
            extractable = private[Attribute.EXTRACTABLE]
        except NoSuchKey as error:
            raise TrustError(
                "key_missing",
                f"the token {self._where.pkcs11_token!r} has no key pair {label!r}",
                "earmark provision --help",
            ) from error
        except MultipleObjectsReturned as error:
            raise TrustError(
                "key_store_ambiguous",
                f"the token has several keys {label!r}",
                "give them labels of their own",
            ) from error
        except PKCS11Error as error:
            raise unavailable("the token does not show its key", error) from error
        if curve != encode_named_curve_parameters("secp256r1"):
            raise TrustError("key_unusable", f"the token's key {label!r} is not on P-256")
        if extractable:
            raise TrustError(
                "key_unusable",
                f"the token would give its key {label!r} away",
                "make it anew: earmark provision --help",
            )
        # An OCTET STRING around the uncompressed point, or the point bare: tokens differ.
        x_and_y = point[-_POINT_BYTES + 1 :]
        return private, jws.jwk_of_point(x_and_y[:32], x_and_y[32:])


def make_key(session: Any, label: str, id_: bytes = b"") -> None:
    """A key pair of that label in the token, where it stays; `id_` is its CKA_ID. Raises TrustError
    key_store_unavailable."""
    parameters = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
    try:
        session.create_domain_parameters(KeyType.EC, parameters, local=True).generate_keypair(
            mechanism=Mechanism.EC_KEY_PAIR_GEN,
            label=label,
            id=id_ or hashlib.sha256(label.encode()).digest()[:16],
            store=True,
            public_template={Attribute.TOKEN: True, Attribute.VERIFY: True},
            private_template={
                Attribute.TOKEN: True,
                Attribute.PRIVATE: True,
                Attribute.SIGN: True,
                Attribute.SENSITIVE: True,
                Attribute.EXTRACTABLE: False,
            },
        )
    except PKCS11Error as error:
        raise unavailable("the token makes no P-256 key", error) from error


def open_token(where: Keys, keys_dir: Path, *, rw: bool, by_hand: bool, pin: str | None = None) -> Any:
    """A session that is logged in, by the PIN file where no PIN is given. Raises TrustError:
    key_store_unavailable, key_store_ambiguous, key_store_pin, key_missing."""
    if pin is None:
        pin = read_private(keys_dir / PIN_FILE).decode("utf-8", "replace").strip()
    try:
        token = pkcs11.lib(where.pkcs11_module).get_token(token_label=where.pkcs11_token)
        if token.flags & _COUNTING and not by_hand:
            raise TrustError(
                "key_store_pin",
                f"a wrong PIN was given to the token {where.pkcs11_token!r}: another try might lock it",
                f"put the right PIN into {keys_dir / PIN_FILE}; then earmark doctor, which tries it once",
            )
        return token.open(rw=rw, user_pin=pin)
    except NoSuchToken as error:
        detail = f"no token {where.pkcs11_token!r} with {where.pkcs11_module}"
        raise TrustError("key_store_unavailable", detail, "is it plugged in? " + _STEP) from error
    except MultipleTokensReturned as error:
        detail = f"several tokens are called {where.pkcs11_token!r}"
        raise TrustError("key_store_ambiguous", detail, "leave one, or rename the others") from error
    except _PIN_WRONG as error:
        detail = f"the token {where.pkcs11_token!r} refuses the PIN ({type(error).__name__})"
        raise TrustError("key_store_pin", detail, f"put the right PIN into {keys_dir / PIN_FILE}") from error
    except (PKCS11Error, OSError, RuntimeError) as error:
        raise unavailable(f"cannot use {where.pkcs11_module}", error) from error


def unavailable(what: str, error: Exception) -> TrustError:
    """key_store_unavailable, with what the token said."""
    said = str(error) or type(error).__name__
    return TrustError("key_store_unavailable", f"{what}: {said}", _STEP)
