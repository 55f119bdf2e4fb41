"""A device changes its own signing key: it asks with the one that it has and with the one that is to follow,
and the shop lets both sign from then on, until the new one has.

Whoever was told yes may use that key at any later time. So the first key that a device asked for stays the
one that follows, whatever else is asked, until it has signed or an operator drops it.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.envelope import (
    KEY,
    KEY_ANSWER,
    STATUS,
    CloudEvent,
    IntentData,
    KeyData,
    SignedData,
    StatusData,
    decode_data,
    decode_event,
    encode_event,
    to_claims,
)
from agent.committing.key_change import ANSWER_TYP, KeyAnswerClaims, verify_answer
from agent.committing.rotation import OLD_FOR_S
from agent.committing.statements import CLOCK_SKEW_S, KeyClaims, check_proof, verify_statement
from agent.plumbing.errors import TrustError
from order_backend.checks import Refusal, Signed, authenticate_device
from order_backend.device_keys import Signer
from order_backend.folder import ShopFolder
from order_backend.provisioning import trust_bundle
from order_backend.receipts import Reply, require_uuid
from order_backend.shop import Device, Shop

DAY_S = 24 * 3600
MOST_ASKED_A_DAY = 10
"""Other keys of one device: each stays here for good, and is a mail to its owner."""


class KeyChanges:
    """On the database of one desk."""

    def __init__(
        self, folder: ShopFolder, shop: Shop, receipts_key: ECKey, new_id: Callable[[], UUID] = uuid4
    ) -> None:
        self._folder, self._config, self._shop = folder, folder.config(), shop
        self._receipts_key, self._new_id = receipts_key, new_id

    def authenticate(
        self, event: CloudEvent, device_id: str, device: Device | None, now_s: int
    ) -> tuple[bool, Signed]:
        """As `authenticate_device`, inside a transaction; the key that was to follow is the device's own once
        it has signed. Raises what that raises."""
        active, signed = authenticate_device(event, device_id, device, now_s)
        if device is not None and device.next_key is not None:
            signer = device.signing_keys.signer(signed.tokens.checkout, now_s=now_s)
            self.used(device, signer, now_s=now_s)
        return active, signed

    def used(self, device: Device, signer: Signer, *, now_s: int) -> None:
        """`signer` has signed what came just now, as was verified; what follows from that is written with
        whatever else is written now."""
        if not signer.is_next:
            return
        if not self._shop.database.in_transaction:
            with self._shop.transaction(device.device_id):
                self.used(device, signer, now_s=now_s)
            return
        until_s = now_s + self._config.longest_lifetime_s + OLD_FOR_S
        keys = device.signing_jwk, signer.jwk
        if self._shop.next_keys.take_over(device.device_id, *keys, now_s=now_s, until_s=until_s):
            self._shop.key_notices.note(device.device_id, signer.jwk.kid, "taken_up", now_s=now_s)

    def may_be_forgotten(self, device: Device | None, refusal: Refusal, event: CloudEvent) -> bool:
        """Whether what was refused is signed by a key that a restored shop may have known before: its device
        gives back the yes that it has, so nothing final may be said meanwhile."""
        if device is None or refusal.code != "signature_invalid" or not self._shop.restores.is_open():
            return False
        kid = jws.named_key(decode_data(event, IntentData).checkout.partition("~")[0])
        known = (device.signing_jwk, *(old.jwk for old in device.old_keys))
        return bool(kid) and all(key.kid != kid for key in known)

    def take(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """Answers a device that wants to sign with another key: yes, or why not. On disk when this returns;
        asked again, it answers alike.

        Raises TrustError: envelope_malformed, device_unknown, statement_mismatch, statement_late,
        returned_nothing_lost, and what `verify_statement` and `check_proof` raise; then there is no answer.
        """
        event = decode_event(payload, KEY)
        require_uuid(event.id)
        data = decode_data(event, KeyData)
        with self._shop.transaction(device_id):
            device, signer, claims = self._authenticated(event, data, device_id, now_s)
            code = self._decide(device, signer, claims, now_s)
        answer = self._claims(
            device_id, claims.key.kid, now_s, old=signer.jwk.kid, error=code, request=event.id
        )
        return self._reply(answer, code or ("key_given_back" if data.answer else "key_registered"))

    def notice(self, device_id: str, payload: bytes, *, now_s: int) -> Reply | None:
        """What a device is told that says that it is there, signed with a key that the shop does not know, or
        that another one has replaced; None for the key that is its own. Who has signed it is not asked: this
        tells nothing that matters, and changes nothing. Raises TrustError envelope_malformed."""
        data = decode_data(decode_event(payload, STATUS), StatusData)
        device, kid = self._shop.device(device_id), jws.named_key(data.signed)
        if device is None or not data.online or not kid or kid == device.signing_jwk.kid:
            return None
        if device.next_key is not None and kid == device.next_key.kid:
            return None
        replaced = any(old.jwk.kid == kid for old in device.old_keys)
        code = "key_replaced" if replaced else "key_unknown"
        return self._reply(self._claims(device_id, kid, now_s, error=code), code)

    def _authenticated(
        self, event: CloudEvent, data: KeyData, device_id: str, now_s: int
    ) -> tuple[Device, Signer, KeyClaims]:
        """The device, which of its keys has signed, and what: both keys have, and it is of now, or the shop's
        own yes stands beside it."""
        device = self._shop.device(device_id)
        if device is None:
            raise TrustError("device_unknown", "this device was never admitted")
        signer = device.signing_keys.signer(data.signed, now_s=now_s)
        claims = verify_statement(
            data.signed,
            KeyClaims,
            signer.jwk,
            device_id=device_id,
            audience=self._config.shop_id,
            environment=self._config.environment,
        )
        check_proof(claims, signer.jwk.kid)
        if claims.iss != event.source:
            raise TrustError("statement_mismatch", "the event says something else than what is signed")
        if data.answer:
            self._check_own_yes(data.answer, claims, signer.jwk.kid)
        elif claims.jti != event.id:
            raise TrustError("statement_mismatch", "the event says something else than what is signed")
        elif not claims.iat - CLOCK_SKEW_S <= now_s < claims.exp:
            raise TrustError("statement_late", "was signed at another time")
        return device, signer, claims

    def _check_own_yes(self, answer: str, claims: KeyClaims, old_kid: str) -> None:
        said = verify_answer(answer, trust_bundle(self._folder), claims.iss)
        if (said.old, said.key, said.error) != (old_kid, claims.key.kid, ""):
            raise TrustError("statement_mismatch", "the shop's answer is to another statement")
        if not any(one.lost_from_s <= said.iat <= one.until_s for one in self._shop.restores.all()):
            raise TrustError("returned_nothing_lost", "this shop has lost no time in which it said that")

    def _decide(self, device: Device, signer: Signer, claims: KeyClaims, now_s: int) -> str:
        """'' for yes, or why not."""
        if not device.active:
            return "device_revoked"
        if signer.replaced_s is not None:  # by the very key that it asks for, where the yes was lost
            return "" if claims.key == device.signing_jwk else "key_replaced"
        before = (device.signing_jwk, signer.jwk, *(old.jwk for old in device.old_keys))
        if claims.key in before:
            return "key_known"
        if signer.is_next:  # asks for the key after it, and is the device's own by that
            self.used(device, signer, now_s=now_s)
        elif device.next_key is not None:
            return "" if claims.key == device.next_key else "key_pending"
        if self._shop.key_notices.asked_since(device.device_id, now_s - DAY_S) >= MOST_ASKED_A_DAY:
            return "key_too_often"
        self._shop.next_keys.put(device.device_id, claims.key, now_s=now_s)
        self._shop.key_notices.note(device.device_id, claims.key.kid, "asked", now_s=now_s)
        return ""

    def _claims(
        self, device_id: str, kid: str, now_s: int, *, old: str = "", error: str = "", request: str = ""
    ) -> KeyAnswerClaims:
        return KeyAnswerClaims(
            iss=self._config.shop_id,
            iat=now_s,
            aud=device_id,
            env=self._config.environment,
            key=kid,
            old=old,
            error=error,
            request=request,
        )

    def _reply(self, claims: KeyAnswerClaims, code: str) -> Reply:
        signed = jws.sign(to_claims(claims), self._receipts_key, typ=ANSWER_TYP)
        said = encode_event(
            KEY_ANSWER, id_=self._new_id(), source=claims.iss, now_s=claims.iat, data=SignedData(signed)
        )
        return Reply("key", said, code)
