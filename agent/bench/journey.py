"""Whole conversations with synthetic customers: wake word, order, read-back and consent, up to the shop's
verified receipt; and strangers who consent to somebody else's order."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import order_backend
from agent.bench.journey_device import Enrolment, JourneyDevice
from agent.bench.made_people import MadePerson, people
from agent.bench.made_room import in_quiet_room
from agent.bench.mixing import mix, read_noise
from agent.bench.noise_kinds import noise_kind
from agent.bench.other_talk import run_other_talk
from agent.deciding.catalogue import Catalogue
from agent.deciding.lexicon import LEXICONS
from agent.deciding.products import Product
from agent.hearing.audio import Float32
from agent.plumbing.errors import AudioError

WAKE_PHRASE = "okay nabu"
CUSTOMERS = ("slt", "rms", "awb")
STRANGERS = ("kal16", "en-us", "en-gb+m5")
"""Voices of `agent.bench.made_people`; variants of one espeak-ng voice are too alike to be two people."""

_SEED = 11
_LANGUAGE = "en"
_NUMBERS = ("two", "three", "four", "five")
_OPENINGS = ("order", "i need", "we need", "i would like", "i want to order")
_JOINERS = ("and", "and also", "also")
_OTHER_CONSENT = "yes, I confirm the order"  # offered where a consent was misheard twice
_CONSENTS = ("yes, place my order.", "yes, please place my order.", "yes, order {quantity}.")


class Conversation(NamedTuple):
    """Who says what; and who consents, where that is somebody else. `more`: what is asked for as well, after
    the read-back."""

    customer: MadePerson
    order: str
    consent: str
    stranger: MadePerson | None = None
    more: str = ""


class Outcome(NamedTuple):
    """How it ended: 'right', 'asked_again' (right after another answer) or what failed. Seconds from the
    wake word to "ordered", where it was, and those of them in which the device spoke. `asked_for`: why an
    answer before the last placed nothing."""

    kind: str
    seconds: float = 0.0
    device_spoke: float = 0.0
    asked_for: tuple[str, ...] = ()


class JourneyBench:
    """One device, which has learned the voices of CUSTOMERS by its own conversation. `enrolments`: how that
    went, with all others as well, each of whom it forgot again. Raises AudioError bench_no_voices,
    bench_enrolment; ModelError."""

    def __init__(self, folder: Path, models_dir: Path, catalogue: Path, noise: Float32) -> None:
        found = {person.voice: person for person in people()}
        customers = [found[voice] for voice in CUSTOMERS if voice in found] or list(found.values())[:1]
        self._strangers = [found[voice] for voice in STRANGERS if voice in found]
        self._noise = noise
        self._device = JourneyDevice(folder, models_dir, catalogue)
        self.enrolments: dict[str, Enrolment] = {}
        for person in found.values():
            if person not in customers:
                self.enrolments[person.voice] = self._device.enrol(person.voice, person)
                self._device.forget(person.voice)
        for person in customers:
            self.enrolments[person.voice] = self._device.enrol(person.voice, person)
        self._customers = [person for person in customers if self.enrolments[person.voice].learned]
        if not self._customers:
            self.close()
            raise AudioError("bench_enrolment", "no voice was learned", "apt-get install flite")

    def close(self) -> None:
        self._device.close()

    def conversations(self, many: int) -> list[Conversation]:
        """The same ones at every call; after `many` of them half as many in which strangers consent, and a
        quarter in which something is added."""
        rng = np.random.default_rng(_SEED)
        made = []
        for number in range(many + (many // 2 if self._strangers else 0)):
            words, quantity = _order(self._device.catalogue, rng)
            consent = _CONSENTS[rng.integers(len(_CONSENTS))].format(quantity=quantity)
            stranger = self._strangers[number % len(self._strangers)] if number >= many else None
            customer = self._customers[number % len(self._customers)]
            made.append(Conversation(customer, words, consent, stranger))
        for number in range(many // 4):
            (words, _), (more, _) = _order(self._device.catalogue, rng), _order(self._device.catalogue, rng)
            customer = self._customers[number % len(self._customers)]
            joiner = _JOINERS[number % len(_JOINERS)]
            made.append(Conversation(customer, words, _CONSENTS[0], more=f"{joiner} {_item(more)}"))
        return made

    def row(self, many: int, snr_db: float | None) -> dict[str, Any]:
        """What `run_journey_bench` gives for one ratio."""
        rng = np.random.default_rng(_SEED)
        own: list[Outcome] = []
        strangers: list[Outcome] = []
        added: list[Outcome] = []
        for conversation in self.conversations(many):
            outcomes = strangers if conversation.stranger else added if conversation.more else own
            outcomes.append(self._hold(conversation, snr_db, rng))
        kinds = Counter(outcome.kind for outcome in own)
        right = [outcome for outcome in own if outcome.kind == "right"]
        reached = [o for o in strangers if o.kind in ("right", "asked_again", "consent_voice_not_known")]
        return {
            "snr_db": snr_db,
            "conversations": len(own),
            "right_first_time": kinds["right"],
            "right_after_asking": kinds["asked_again"],
            "asked_again_for": dict(sorted(Counter(why for one in own for why in one.asked_for).items())),
            "failures": {k: n for k, n in sorted(kinds.items()) if k not in ("right", "asked_again")},
            "strangers_consents": len(reached),
            "strangers_accepted": sum(o.kind in ("right", "asked_again") for o in reached),
            "additions": len(added),
            "additions_right": sum(o.kind in ("right", "asked_again") for o in added),
            "seconds": _middle([outcome.seconds for outcome in right]),
            "device_spoke_seconds": _middle([outcome.device_spoke for outcome in right]),
        }

    def _hold(self, conversation: Conversation, snr_db: float | None, rng: np.random.Generator) -> Outcome:
        device = self._device
        device.rest()
        orders, decisions = device.ordered, device.decided
        basket = device.order(conversation.order)
        said = f"{WAKE_PHRASE}, {conversation.order}."
        heard = device.hear(self._in_room(conversation.customer.says(said), snr_db, rng))
        if not heard.woken:
            return Outcome("not_woken")
        seconds, spoke = heard.seconds, device.speak()
        if not device.reads_back(basket):
            return Outcome(_not_read_back(device.decided[: len(device.decided) - len(decisions)]))
        if conversation.more:
            device.hear(self._in_room(conversation.customer.says(f"{conversation.more}."), snr_db, rng))
            spoke += device.speak()
            basket = device.order(f"{conversation.order} and {_item(conversation.more)}")
            if not device.reads_back(basket):
                return Outcome("not_added")
        who = conversation.stranger or conversation.customer
        causes: tuple[str, ...] = ()
        while device.listening:
            consent = _OTHER_CONSENT if _OTHER_CONSENT in device.said else conversation.consent
            heard = device.hear(self._in_room(who.says(consent), snr_db, rng))
            seconds += heard.seconds
            if device.ordered > orders:
                return Outcome("asked_again" if causes else "right", seconds + spoke, spoke, causes)
            causes = (*causes, device.cause(heard.utterance, basket))
            spoke += device.speak()
        return Outcome(causes[-1], asked_for=causes[:-1])

    def _in_room(self, speech: Float32, snr_db: float | None, rng: np.random.Generator) -> Float32:
        sound = in_quiet_room(speech)
        return sound if snr_db is None else mix(sound, self._noise, snr_db, rng)


def _middle(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {f"p{share}": round(float(np.percentile(values, share)), 1) for share in (50, 95)}


def _not_read_back(decided: Sequence[str]) -> str:
    code = decided[0] if decided else "not_understood"
    if code == "not_understood":
        return "order_not_heard"
    if code == "read_back":
        return "wrong_order"
    return {"asked_which": "asked_which", "refused_unknown_voice": "order_voice_not_known"}.get(code, code)


def _order(catalogue: Catalogue, rng: np.random.Generator) -> tuple[str, str]:
    """An order of one product in words, and its quantity with unit, as in "two bags"."""
    product: Product = catalogue.products[rng.integers(len(catalogue.products))]
    number = _NUMBERS[rng.integers(len(_NUMBERS))]
    unit = LEXICONS[_LANGUAGE].units[product.unit]
    opening = _OPENINGS[rng.integers(len(_OPENINGS))]
    quantity = f"{number} {unit.few}"
    return f"{opening} {quantity} of {product.words[_LANGUAGE].say}", quantity


def _item(words: str) -> str:
    """An order without its opening, or more without its joiner."""
    return words[min(words.index(number) for number in _NUMBERS if f" {number} " in words) :]


def run_journey_bench(
    models_dir: Path,
    catalogue: Path | None,
    noise: Path | None,
    snrs: Sequence[float],
    many: int,
    negatives: Path | None = None,
) -> dict[str, Any]:
    """One row in a quiet room and one for each of `snrs` (dB) in `noise`, or in made broadband noise, at the
    default settings but for the limits of money. `catalogue`: the sample shop's where None.

    {"enrolments": {voice: {"learned": true or false, "asked_again": n}}, "results": [{"snr_db": null or
    number, "conversations": n, "right_first_time": n, "right_after_asking": n, "asked_again_for": {cause: n},
    "failures": {kind: n}, "strangers_consents": n, "strangers_accepted": n, "additions": n,
    "additions_right": n, "seconds": null or {"p50": s, "p95": s}, "device_spoke_seconds": the same}],
    "other_talk": of `agent.bench.other_talk`, with `negatives` only}

    enrolments: of every synthetic voice, by the device's own conversation in a quiet room; asked_again: how
    many sentences it asked for once more. Who was not learned is no customer.
    right_first_time: just that order was signed and the shop's receipt for it verified, with one order and
    one consent said. failures: not_woken, order_not_heard, order_voice_not_known, wrong_order (another was
    read back), asked_which, a refusal's code, or why the last answer was no consent, one of
    `agent.bench.answers_heard`; asked_again_for: the same of answers before the last.
    strangers_consents: of `many` / 2 more conversations, those in which the order was read back and the
    consent of somebody who is not enrolled was understood. additions: `many` / 4 more, in which after the
    read-back something is asked for as well; right: both were read back, consented to and ordered.
    seconds: of those right first time, from the wake word to where "Ordered" begins: the customer's
    sentences, the silences before they are answered, the work after that, the read-back as long as it takes
    to say it (device_spoke_seconds), and 1.5 s before the consent; no network, no process borders. Raises
    AudioError (bench_no_voices, bench_enrolment, bench_noise), ModelError.
    """
    recorded = read_noise(noise)
    room = noise_kind("broadband", _SEED).noise if recorded is None else recorded
    sold = catalogue or Path(order_backend.__file__).parent / "catalogues" / "corner_shop.json"
    other = {"other_talk": run_other_talk(models_dir, sold, negatives)} if negatives else {}
    with tempfile.TemporaryDirectory() as folder:
        bench = JourneyBench(Path(folder), models_dir, sold, room)
        try:
            enrolments = {voice: one._asdict() for voice, one in bench.enrolments.items()}
            return {
                "enrolments": enrolments,
                "results": [bench.row(many, snr_db) for snr_db in (None, *snrs)],
                **other,
            }
        finally:
            bench.close()
