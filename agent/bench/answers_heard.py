"""Why a consent placed no order: what became of one answer, by the same measures as the till's."""

from __future__ import annotations

import msgspec

from agent.deciding.basket import Basket
from agent.deciding.dialogue import fits
from agent.deciding.understanding import Answer
from agent.plumbing.messages import Utterance
from agent.plumbing.settings import Speaker
from agent.till.desk import Desk
from agent.till.heard import meaning_of

CAUSES = (
    "consent_no_speech",
    "consent_unsure",
    "consent_heard_otherwise",
    "consent_bare_yes",
    "consent_other_quantity",
    "consent_as_denial",
    "consent_too_short",
    "consent_too_noisy",
    "consent_voice_not_known",
)


def cause_of(utterance: Utterance | None, basket: Basket, desk: Desk, language: str) -> str:
    """One of CAUSES for an answer that was meant as a consent to `basket` and placed no order.

    consent_no_speech: the window passed (`utterance` is None). consent_unsure: a consent was the best
    sentence, and free speech so much likelier that the gate held it back. consent_heard_otherwise: another
    sentence, or none. consent_bare_yes, consent_other_quantity, consent_as_denial: understood as that.
    consent_too_short, consent_too_noisy: understood, and the voice could not be compared. The rest:
    understood, and not the voice that ordered.
    """
    if utterance is None:
        return "consent_no_speech"
    match meaning_of("consent", utterance, desk, language):
        case Answer(kind="denial" | "later"):
            return "consent_as_denial"
        case Answer(kind="bare"):
            return "consent_bare_yes"
        case Answer() as consent:
            if not fits(consent, basket):
                return "consent_other_quantity"
            return _voice(utterance, desk.settings.speaker)
    believed = msgspec.structs.replace(utterance, gap_per_token=0.0)
    ungated = meaning_of("consent", believed, desk, language)
    consented = isinstance(ungated, Answer) and ungated.kind == "consent"
    return "consent_unsure" if consented else "consent_heard_otherwise"


def _voice(utterance: Utterance, limits: Speaker) -> str:
    if utterance.embedding is None or utterance.speech_ms < limits.shortest_consent_ms:
        return "consent_too_short"
    if utterance.snr_db is None or utterance.snr_db < limits.lowest_snr_db:
        return "consent_too_noisy"
    return "consent_voice_not_known"
