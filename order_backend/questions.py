"""What a device states beside its intents, verified; and the answer to "was this intent placed?"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar
from uuid import UUID

from joserfc.jwk import ECKey

from agent.committing.envelope import QUERY, CloudEvent, QueryData, decode_data, decode_event
from agent.committing.receipts import AnswerClaims
from agent.committing.statements import (
    CLOCK_SKEW_S,
    AskClaims,
    AskedClaims,
    CancelClaims,
    OfferRequestClaims,
    QueryClaims,
    StatusClaims,
    verify_statement,
)
from agent.plumbing.errors import TrustError
from order_backend.device_keys import Signer
from order_backend.folder import ShopConfig
from order_backend.growth import GROWS_TOO_FAST, Growth
from order_backend.receipt_writer import ReceiptWriter
from order_backend.receipts import IN_DOUBT, Reply, not_placed_event, require_uuid
from order_backend.retention import receipt_again
from order_backend.shop import NEVER_CAME, Answer, Device, Shop

S = TypeVar("S", QueryClaims, CancelClaims, StatusClaims, OfferRequestClaims, AskClaims, AskedClaims)


class Used(Protocol):
    """As `KeyChanges.used`."""

    def __call__(self, device: Device, signer: Signer, *, now_s: int) -> None: ...


class Questions:
    """On the database of one desk."""

    def __init__(
        self,
        shop: Shop,
        config: ShopConfig,
        receipts_key: ECKey,
        new_id: Callable[[], UUID],
        used: Used,
        growth: Growth,
    ) -> None:
        self._shop, self._config, self._used, self._growth = shop, config, used, growth
        self._receipts_key, self._new_id = receipts_key, new_id
        self._receipts = ReceiptWriter(config, receipts_key, new_id)

    def statement(self, event: CloudEvent, signed: str, type_: type[S], device_id: str, *, now_s: int) -> S:
        """What the device signed for just this event, with its key or, while that was its own, an old one;
        its time is not looked at otherwise.

        Raises TrustError: device_unknown, signature_key_replaced, statement_mismatch, and what
        `verify_statement` raises.
        """
        device = self._shop.device(device_id)
        if device is None:
            raise TrustError("device_unknown", "this device was never admitted")
        signer = device.signing_keys.signer(signed, now_s=now_s)
        claims = verify_statement(
            signed,
            type_,
            signer.jwk,
            device_id=device_id,
            audience=self._config.shop_id,
            environment=self._config.environment,
        )
        if not signer.may_have_signed_at(claims.iat):
            raise TrustError("signature_key_replaced", "signed by an old key after that was replaced")
        if (claims.jti, claims.iss) != (event.id, event.source):
            raise TrustError("statement_mismatch", "the event says something else than what is signed")
        self._used(device, signer, now_s=now_s)
        return claims

    def query(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """Answers "was this intent placed?": with its receipt, or signed that it never came.

        Whoever was told "not placed" may have ordered anew. Where the device has just signed its question,
        that intent is refused from then on should it come after all, whenever that is. A question that
        anybody may have asked who has the device's TLS key (an earlier release does not sign its own), or
        that was signed at another time, binds only what was late when it was asked: from then on no intent
        is judged by an earlier time. Either is on disk when this returns.

        Raises TrustError: envelope_malformed, and what `statement` raises; then there is no answer.
        """
        event = decode_event(payload, QUERY)
        question = decode_data(event, QueryData)
        require_uuid(question.intent)
        with self._shop.transaction(device_id, question.intent):
            binds = self._binds(event, question, device_id, now_s)
            answer = self._shop.answer(device_id, question.intent)
            if answer is not None and answer.sha256 != NEVER_CAME:
                # A refusal may be of other bytes than the device's, which then takes it for nothing.
                is_order = self._shop.order(device_id, question.intent) is not None
                besides = b"" if is_order else self._not_placed(device_id, question.intent, now_s)
                again = receipt_again(
                    self._shop, self._receipts, device_id, question.intent, answer, now_s=now_s
                )
                return Reply("ack", again, "replayed", besides)
            if answer is None and self._shop.restores.of_question(device_id, question.intent):
                self._shop.restores.note(device_id, question.intent, b"", now_s=now_s)
                return IN_DOUBT
            if binds and answer is None and not self._growth.allows(device_id):
                return GROWS_TOO_FAST
            said = self._not_placed(device_id, question.intent, now_s)
            if not binds:
                self._shop.clock.never_earlier_than(now_s)
            elif answer is None:
                self._shop.keep_answer(device_id, question.intent, Answer(NEVER_CAME, said), now_s=now_s)
            return Reply("rsp", said, "not_placed")

    def _not_placed(self, device_id: str, intent_id: str, now_s: int) -> bytes:
        """Signed anew each time: the device takes only what was said after the order's time was over."""
        claims = AnswerClaims(
            iss=self._config.shop_id,
            iat=now_s,
            aud=device_id,
            env=self._config.environment,
            intent=intent_id,
            placed=False,
        )
        return not_placed_event(claims, self._receipts_key, event_id=self._new_id())

    def _binds(self, event: CloudEvent, question: QueryData, device_id: str, now_s: int) -> bool:
        if not question.signed:
            return False
        claims = self.statement(event, question.signed, QueryClaims, device_id, now_s=now_s)
        if claims.intent != question.intent:
            raise TrustError("statement_mismatch", "the event asks for another intent than what is signed")
        return claims.iat - CLOCK_SKEW_S <= now_s < claims.exp
