"""What may happen in a dialogue, in words and as values: what `state_tables.py` tries in each state."""

from __future__ import annotations

from dataclasses import replace

from agent.deciding import conversation as talk
from agent.deciding import placed
from agent.deciding.basket import Offer
from agent.deciding.challenged import ChallengeAnswered, Challenged
from agent.deciding.feedback_given import WasWrong
from agent.deciding.inquired import Inquired, VoiceLost
from agent.deciding.offered import OfferArrived, OfferLate, OfferOver
from agent.deciding.understanding import Answer
from agent.deciding.verification import TYPED, Verdict, typed_by
from scripts.dialogue_values import (
    ANNA,
    BOTH,
    COFFEE,
    CONSENT,
    DEAR,
    DEAR_COFFEE,
    FEW_COFFEES,
    MANY,
    NO_CLOCK,
    OFFER,
    OTHER_WORDS,
    QUEUED,
    SPENT,
    SPENT_BY_OTHERS,
    SPENT_WITH_PIN,
    TEA,
    WITH_OTHERS,
    WITH_PHONE,
    WITH_PIN,
    WITH_PIN_THERE,
    WORDS,
    Case,
    nobody,
    ruled,
)


def _answered(answer: Answer, speaker: Verdict = ANNA, *, same: bool = True) -> talk.Answered:
    return talk.Answered(answer, speaker, same)


_ASKING = (talk.Confirming, Challenged, talk.AskingAnother, talk.Choosing, talk.AwaitingFactor)

_ORDERS = (
    Case("a known voice orders", talk.OrderHeard(COFFEE, ANNA)),
    Case("a known voice orders what is queued already", talk.OrderHeard(COFFEE, ANNA), QUEUED),
    Case("a known voice orders, and another order sounded as likely", talk.OrderHeard(COFFEE, ANNA, TEA)),
    Case(
        "a known voice orders as usual, and another order is nearly as usual",
        talk.OrderHeard(COFFEE, ANNA, TEA, "which_again"),
    ),
    Case("a known voice orders unusually many", talk.OrderHeard(COFFEE, ANNA), house=FEW_COFFEES),
    Case("an order is typed", talk.OrderHeard(COFFEE, TYPED)),
    Case("an unknown voice orders", talk.OrderHeard(COFFEE, nobody("unknown_voice"))),
    Case("nobody is on shift, and the voice is not known", talk.OrderHeard(COFFEE, nobody("no_shift"))),
    Case("nobody is enrolled", talk.OrderHeard(COFFEE, nobody("nobody_enrolled"))),
    Case(
        "all who are enrolled were learned with another speaker model",
        talk.OrderHeard(COFFEE, nobody("voice_model_changed")),
    ),
    Case("too little speech to know the voice", talk.OrderHeard(COFFEE, nobody("too_short"))),
    Case("too much noise to know the voice", talk.OrderHeard(COFFEE, nobody("too_noisy"))),
    Case("more than `largest_quantity`", talk.OrderHeard(MANY, ANNA)),
    Case("dearer than `voice_order_max_minor`", talk.OrderHeard(DEAR, ANNA)),
    Case("dearer than that, by somebody who has a PIN", talk.OrderHeard(DEAR, ANNA), WITH_PIN),
    Case("more than `voice_day_max_minor` in a day", talk.OrderHeard(COFFEE, ANNA), SPENT),
    Case(
        "the same, with what others have ordered by voice",
        talk.OrderHeard(COFFEE, ANNA),
        SPENT_BY_OTHERS,
    ),
    Case("what a rule of the house denies", talk.OrderHeard(COFFEE, ANNA), house=ruled("deny")),
    Case(
        "what a rule asks a PIN for, by somebody who has none",
        talk.OrderHeard(COFFEE, ANNA),
        house=ruled("factor"),
    ),
    Case(
        "the same, by somebody who has a PIN",
        talk.OrderHeard(COFFEE, ANNA),
        WITH_PIN,
        house=ruled("factor"),
    ),
    Case(
        "what a rule asks words for that are to be said again",
        talk.OrderHeard(COFFEE, ANNA),
        house=ruled("challenge"),
    ),
    Case(
        "the same, where none can be asked for, and there is no PIN",
        talk.OrderHeard(COFFEE, ANNA),
        house=ruled("challenge"),
        chance=b"",
    ),
    Case(
        "what a rule asks a phone for, by somebody who has one",
        talk.OrderHeard(COFFEE, ANNA),
        WITH_PHONE,
        house=ruled("phone"),
    ),
    Case(
        "the same, by somebody who has none",
        talk.OrderHeard(COFFEE, ANNA),
        WITH_PIN,
        house=ruled("phone"),
    ),
    Case(
        "what a rule asks a second person for",
        talk.OrderHeard(COFFEE, ANNA),
        WITH_OTHERS,
        house=ruled("second"),
    ),
    Case(
        "the same, where nobody else could agree",
        talk.OrderHeard(COFFEE, ANNA),
        house=ruled("second"),
    ),
    Case(
        "an order is typed by somebody who has a phone", talk.OrderHeard(COFFEE, typed_by("anna")), WITH_PHONE
    ),
    Case(
        "an order is typed by somebody who has a PIN, and there is a keypad",
        talk.OrderHeard(COFFEE, typed_by("anna")),
        WITH_PIN_THERE,
    ),
    Case("the time is not trusted", talk.OrderHeard(COFFEE, ANNA), NO_CLOCK),
    Case(
        "a known voice orders, where offers are asked for",
        talk.OrderHeard(COFFEE, ANNA),
        offers=True,
    ),
)

CASES: dict[type[talk.Event], tuple[Case, ...]] = {
    talk.OrderHeard: (
        *(replace(case, only_in=(talk.Idle,)) for case in _ORDERS),
        Case(
            "whoever ordered orders something else instead: as in Idle",
            talk.OrderHeard(TEA, ANNA),
            only_in=_ASKING,
        ),
        Case(
            "somebody else, or a voice that cannot be told, orders",
            talk.OrderHeard(TEA, Verdict("bert")),
            only_in=_ASKING,
        ),
    ),
    talk.Chosen: (
        Case("one of the two is named, by anybody", talk.Chosen(COFFEE)),
        Case("the same, where offers are asked for", talk.Chosen(COFFEE), offers=True),
    ),
    OfferArrived: (
        Case("the shop's offer", OfferArrived(COFFEE, OFFER)),
        Case("an offer that is dearer, above `voice_order_max_minor`", OfferArrived(DEAR_COFFEE, OFFER)),
        Case("the same, to somebody who has a PIN", OfferArrived(DEAR_COFFEE, OFFER), WITH_PIN),
        Case("an offer for something else", OfferArrived(TEA, Offer("", "", 0, TEA))),
    ),
    OfferLate: (
        Case("no offer within `OFFER_WAIT_MS`", OfferLate()),
        Case("the same, but the time is not trusted any more", OfferLate(), NO_CLOCK),
    ),
    OfferOver: (
        Case("the offer is over, and without it the price is another", OfferOver()),
        Case("the same, where offers are asked for", OfferOver(), offers=True),
    ),
    talk.Proposed: (
        Case("a sensor has run low, and it is a moment to say so", talk.Proposed(COFFEE, "the silo", 0.2)),
        Case("a list was to be remembered now", talk.Proposed(COFFEE)),
    ),
    talk.SensorsSilent: (
        Case("a sensor is silent, and it is a moment to say so", talk.SensorsSilent(("silo",), "today")),
    ),
    talk.Answered: (
        Case("a sentence of consent, from the voice that asked", _answered(CONSENT)),
        Case("a denial, from anybody", _answered(Answer("denial"), nobody("unknown_voice"))),
        Case("a bare yes", _answered(Answer("bare"))),
        Case(
            "a bare yes once more",
            _answered(Answer("bare")),
            only_in=(talk.Confirming,),
            sentence_asked=True,
        ),
        Case("consent to another quantity", _answered(Answer("consent", 3, "bag"))),
        Case("consent, too short to know the voice", _answered(CONSENT, nobody("too_short"))),
        Case("consent, too noisy to know the voice", _answered(CONSENT, nobody("too_noisy"))),
        Case("consent from an unknown voice", _answered(CONSENT, nobody("unknown_voice"))),
        Case("consent from another known voice", _answered(CONSENT, Verdict("bert"))),
        Case("consent after a change of speaker", _answered(CONSENT, same=False)),
        Case("consent that is typed", _answered(CONSENT, TYPED)),
        Case(
            "consent, where offers are asked for",
            _answered(CONSENT),
            offers=True,
            only_in=(talk.AskingAnother,),
        ),
        Case("consent, but the day's limit is reached by now", _answered(CONSENT), SPENT),
        Case(
            "consent, but a PIN is needed by now, of somebody who has one",
            _answered(CONSENT),
            SPENT_WITH_PIN,
        ),
        Case("consent, but the time is not trusted any more", _answered(CONSENT), NO_CLOCK),
        Case('"later", from anybody', _answered(Answer("later"), nobody("unknown_voice"))),
        Case("a denial of what a sensor proposed", _answered(Answer("denial")), proposed=COFFEE),
        Case('"later" to what a sensor proposed', _answered(Answer("later")), proposed=COFFEE),
        Case(
            "consent from an unknown voice to what a sensor proposed",
            _answered(CONSENT, nobody("unknown_voice")),
            proposed=COFFEE,
        ),
    ),
    ChallengeAnswered: (
        Case("the words, from the voice that asked", ChallengeAnswered(WORDS, ANNA, True)),
        Case("other words", ChallengeAnswered(OTHER_WORDS, ANNA, True)),
        Case("the words, from an unknown voice", ChallengeAnswered(WORDS, nobody("unknown_voice"))),
        Case("the words, from another known voice", ChallengeAnswered(WORDS, Verdict("bert"), True)),
        Case("the words, after a change of speaker", ChallengeAnswered(WORDS, ANNA)),
        Case("too short to know the voice", ChallengeAnswered(WORDS, nobody("too_short"))),
        Case("too noisy to know the voice", ChallengeAnswered(WORDS, nobody("too_noisy"))),
        Case("the words, but the day's limit is reached by now", ChallengeAnswered(WORDS, ANNA, True), SPENT),
        Case(
            "the words, but the time is not trusted any more", ChallengeAnswered(WORDS, ANNA, True), NO_CLOCK
        ),
    ),
    Inquired: (Case("a question, or something about the list, is answered", Inquired("Nineteen zloty.")),),
    VoiceLost: (Case("the ear and the voice are lost", VoiceLost()),),
    WasWrong: (
        Case("somebody says that it went wrong", WasWrong(noted=True)),
        Case("the same, and it cannot be noted", WasWrong(noted=False)),
    ),
    talk.Confused: (
        Case("speech that is no sentence of the grammar", talk.Confused()),
        Case("the same in a room that is too loud", talk.Confused("too_loud")),
        Case(
            "the same, of an order of somebody who has a PIN or badge",
            talk.Confused(),
            ways=("pin", "chat", "person"),
            only_in=(talk.Confirming, Challenged),
        ),
        Case(
            "the same, of an order of somebody who has a phone only",
            talk.Confused("too_loud"),
            ways=("phone", "chat", "person"),
            only_in=(talk.Confirming, Challenged),
        ),
        Case("the same among much other talk", talk.Confused("much_talk")),
    ),
    talk.Changed: (
        Case("whoever ordered wants it otherwise, more or less of it", talk.Changed(BOTH, ANNA, True)),
        Case("somebody else, or a voice that cannot be told, wants it otherwise", talk.Changed(BOTH, ANNA)),
    ),
    talk.ChangeUnclear: (Case("it is wanted otherwise, but how is not clear", talk.ChangeUnclear()),),
    talk.WentOn: (Case("whoever ordered spoke on, and ordered something else in it all", talk.WentOn()),),
    talk.Silent: (Case("silence", talk.Silent()),),
    talk.Helped: (Case("somebody asks for help", talk.Helped()),),
    talk.Repeated: (Case("somebody asks to hear it again", talk.Repeated()),),
    talk.FactorGiven: (
        Case("the right PIN, or the badge of whoever asked", talk.FactorGiven("anna", "pin")),
        Case("the badge of somebody else", talk.FactorGiven("bert", "badge")),
        Case("the approval on the phone of whoever asked", talk.FactorGiven("anna", "phone")),
        Case(
            "right, and a second person is needed besides",
            talk.FactorGiven("anna", "pin"),
            WITH_OTHERS,
            house=ruled("second"),
        ),
        Case("right, but the time is not trusted any more", talk.FactorGiven("anna", "pin"), NO_CLOCK),
    ),
    talk.FactorRefused: (
        Case("a wrong PIN or badge", talk.FactorRefused("factor_wrong")),
        Case("too many wrong ones", talk.FactorRefused("factor_locked")),
    ),
    talk.FactorLate: (Case("nobody confirms it in two minutes (a phone: five)", talk.FactorLate()),),
    talk.PhoneRefused: (Case("it is refused on the phone", talk.PhoneRefused("anna")),),
    placed.Committed: (
        Case("signed and on disk, the broker is reached", placed.Committed(online=True)),
        Case("signed and on disk, the broker is not reached", placed.Committed(online=False)),
    ),
    placed.NotCommitted: (
        Case("nothing could be written (here: the disk is full)", placed.NotCommitted("journal_full")),
    ),
    placed.ReceiptArrived: (
        Case("a receipt: ordered", placed.ReceiptArrived("coffee", delivery="2026-11-24")),
        Case("a receipt: refused (here: the price has risen)", placed.ReceiptArrived("coffee", "over_limit")),
        Case("a receipt: ordered otherwise than agreed", placed.ReceiptArrived("coffee", "over_agreed")),
    ),
    placed.JournalMended: (Case("the journal was damaged, and is mended", placed.JournalMended()),),
    placed.ReceiptLate: (Case("no receipt within `receipt_wait_ms`", placed.ReceiptLate()),),
}
