"""One frozen, typed settings tree; fields carry their unit. `settings_file` reads it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from agent.plumbing.key_settings import Keys
from agent.plumbing.setting_values import (
    Address,
    Amount,
    Decibels,
    Fraction,
    Gap,
    LongRest,
    Milliseconds,
    MinorUnits,
    Name,
    Patience,
    Rest,
    Seconds,
    TimeOfDay,
    Unit,
    WakePhrase,
)
from agent.plumbing.speaker_models import MEASURED, SpeakerModel, Thresholds
from agent.plumbing.update_settings import Update

SCHEMA_VERSION = 1
"""Raised only when a field changes its meaning; the previous release must still start on the newest file."""

MOONSHINE_LANGUAGE = "en"
"""The one language of that recogniser."""


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Device(_Section, frozen=True):
    id: Name = "device-1"  # the client certificate's CN and `iss` of every intent
    language: str = "en"  # what it hears and speaks; a typed dialogue may choose another
    environment: Annotated[str, msgspec.Meta(pattern="^(production|test|demo)$")] = (
        "production"  # must match every signature
    )


class Paths(_Section, frozen=True):
    state_dir: str = "var"  # journal, voiceprints, sockets; owned by the till
    keys_dir: str = "var/keys"  # signing key, MQTT client key and certificate
    trust_file: str = "var/trust.json"  # what was pinned at provisioning
    catalogue_file: str = "var/catalogue.json"  # the shop's products
    policy_file: str = "policy.toml"  # rules beside [policy] (docs/policy.md); it need not be there
    models_dir: str = ""  # '' = models/files beside models.toml
    slots_dir: str = "var/slots"  # the two releases of a device that updates itself
    update_root_file: str = "var/update-root.json"  # the TUF root that was pinned at provisioning

    @property
    def details_file(self) -> str:
        """What the shop tells of the products beside `catalogue_file`; it need not be there."""
        return f"{self.catalogue_file.removesuffix('.json')}.details.json"


class Audio(_Section, frozen=True):
    source: Annotated[str, msgspec.Meta(pattern="^(microphone|fd:[0-9]{1,4})$")] = (
        "microphone"  # 'microphone', or 'fd:N' for frames on an inherited socket
    )
    sink: Annotated[str, msgspec.Meta(pattern="^(loudspeaker|fd:[0-9]{1,4})$")] = (
        "loudspeaker"  # 'loudspeaker', or 'fd:N'
    )
    input_device: str = ""  # its name or a part of it, as `earmark audio test` lists them; '' = default
    output_device: str = ""  # likewise
    input_channel: Annotated[int, msgspec.Meta(ge=0, le=8)] = (
        0  # of several channels: 1 is the first; 0 = all of them together
    )

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Of the sockets that stand in for microphone and loudspeaker."""
        fed = {int(end.partition(":")[2]) for end in (self.source, self.sink) if end.startswith("fd:")}
        return tuple(sorted(fed))


class Feedback(_Section, frozen=True):
    earcons: bool = True  # a short sound for heard, refused, queued and ordered
    lamp: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9:._-]*)?$")] = (
        ""  # a light below /sys/class/leds that shows the same; '' = none
    )


class Wake(_Section, frozen=True):
    phrase: WakePhrase = "okay_nabu"  # one of the four that the wake word models know
    threshold: Fraction = 0.7  # of the wake model where it decides alone (engine vosk): mean probability
    first_threshold: Fraction = 0.05  # the same where the recogniser looks again (engine moonshine)


class Endpoint(_Section, frozen=True):
    speech_threshold: Fraction = 0.5  # silero probability above which a frame is speech
    pause_ms: Milliseconds = 320  # after so much silence it looks at what was said so far
    complete_silence_ms: Milliseconds = 500  # ends a sentence to which nothing can be added but "please"
    silence_ms: Milliseconds = 700  # ends one that may go on, and whatever is not understood
    hanging_silence_ms: Milliseconds = 1_250  # ends one that is only begun: "two... boxes of..."
    reply_silence_ms: Milliseconds = 1_000  # after an order; who speaks on until then goes on with it
    longest_utterance_ms: Milliseconds = 15_000  # whatever is said after that is cut off
    order_window_ms: Milliseconds = 5_000  # after the wake word
    answer_window_ms: Milliseconds = 8_000  # after a question


class Asr(_Section, frozen=True):
    engine: Literal["auto", "moonshine", "vosk"] = "auto"  # auto: moonshine for English, vosk for the others
    beams: Annotated[int, msgspec.Meta(ge=1, le=64)] = 6  # hypotheses kept; sixteen gained nothing
    reject_gap_per_token: Gap = -1.4  # nats; below it the speech was no sentence of the grammar
    reject_gap_per_letter: Gap = -1.5  # the same with vosk, against speech spelled out in short words
    second_opinion: bool = True  # a larger model hears orders as well; 105 MB
    rest_after_seconds: Seconds = 60  # of quiet; then that model leaves the memory until somebody speaks
    ask_within_nats: Annotated[float, msgspec.Meta(ge=0.0, le=20.0)] = 1.5  # two orders so close: which one?
    threads: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1  # of ONNX Runtime; one leaves the board responsive

    def engine_for(self, language: str) -> Literal["moonshine", "vosk"]:
        """The engine that hears `language`."""
        if self.engine == "auto":
            return "moonshine" if language == MOONSHINE_LANGUAGE else "vosk"
        return self.engine

    def lowest_gap(self, language: str) -> float:
        """Below this gap between a sentence of the grammar and free speech, the sentence was not said."""
        if self.engine_for(language) == "vosk":
            return self.reject_gap_per_letter
        return self.reject_gap_per_token


class Speaker(_Section, frozen=True):
    model: SpeakerModel = "speaker-ge2e"  # 'speaker-ecapa' is exported first: docs/speaker_models.md
    # Not given: as measured for the model (`MEASURED`); where nothing was, all four must be.
    accept_cosine: Fraction | None = (
        None  # order against the enrolled voice; one stranger in 1,000 is so near
    )
    accept_consent_cosine: Fraction | None = None  # consent likewise: shorter speech, but of one person only
    runner_up_margin_cosine: Fraction | None = None  # nearer than this to a second person: it could be either
    same_speaker_cosine: Fraction | None = None  # consent against the order it answers
    shortest_order_ms: Milliseconds = 1_500  # less speech than this (wake phrase pooled) cannot be verified
    shortest_consent_ms: Milliseconds = 700  # "yes, place my order" takes about 1,000
    lowest_snr_db: Decibels = 8.0  # noisier than measured: refuse to decide by voice
    shortest_enrolment_ms: Milliseconds = 1_200  # less speech than this in a sentence teaches no voice
    enrolment_sentences: Annotated[int, msgspec.Meta(ge=3, le=10)] = 5  # read aloud once

    def __post_init__(self) -> None:
        missing = [field for field in Thresholds._fields if getattr(self, field) is None]
        if self.model not in MEASURED and missing:
            raise ValueError(
                f"no thresholds were measured for {self.model}: give {', '.join(missing)},"
                " as docs/speaker_models.md says"
            )

    @property
    def thresholds(self) -> Thresholds:
        """Those given here; where one is not, what was measured for the model."""
        given = tuple(getattr(self, field) for field in Thresholds._fields)
        measured = MEASURED.get(self.model, given)
        return Thresholds(*(one if own is None else own for own, one in zip(given, measured, strict=True)))


class Policy(_Section, frozen=True):
    voice_order_max_minor: MinorUnits = 100_00  # one order confirmed by voice alone
    voice_day_max_minor: MinorUnits = 250_00  # in 24 hours, per person and for all of them together
    factor_order_max_minor: MinorUnits = 1_000_00  # one order confirmed by PIN, badge or phone as well
    factor_day_max_minor: MinorUnits = 2_000_00  # per person and 24 hours, with those by voice alone
    largest_quantity: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 20  # of one product in one order
    most_lines: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5  # different things in one order


class Broker(_Section, frozen=True):
    host: str = "localhost"  # must be a name in the broker's certificate
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 8883  # MQTT over TLS
    also: tuple[Address, ...] = ()  # "host:port" of other brokers of the shop, for when it is away
    keepalive_seconds: Seconds = 30  # a dead link is noticed after one and a half of these
    session_expiry_seconds: Seconds = 86_400  # the broker keeps receipts this long for a device that is away
    reconnect_min_seconds: Rest = 1.0  # at most so long after a first failure; doubled after each
    reconnect_max_seconds: Rest = 60.0  # at most so long between two attempts
    reconnect_spread_seconds: Rest = 30.0  # a lost session is made anew within these: no storm of a fleet

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """(host, port) of the first broker and of the others."""
        others = (address.rpartition(":") for address in self.also)
        return (self.host, self.port), *((host, int(port)) for host, _, port in others)


class Orders(_Section, frozen=True):
    mode: Literal["bounded", "direct"] = "bounded"  # direct: online, the shop's own offer is read back
    intent_lifetime_seconds: Seconds = 3_600  # the shop's window for a queued intent
    receipt_wait_ms: Milliseconds = 3_000  # online: how long "one moment" may last before "queued" is said
    resend_min_seconds: Rest = 5.0  # an intent without a receipt is sent again; doubled, with jitter
    resend_max_seconds: Rest = 120.0  # the longest rest between two sendings


class Proposals(_Section, frozen=True):
    rest_seconds: LongRest = 3_600  # after "later", and after silence; no sensor speaks more often than this
    declined_rest_seconds: LongRest = 86_400  # after "no", unless it was refilled and has run low again
    quiet_from: TimeOfDay = "22:00"  # local time; from then on nothing is proposed aloud
    quiet_until: TimeOfDay = "07:00"  # the same as quiet_from: never quiet
    delivery_days: Annotated[int, msgspec.Meta(ge=0, le=60)] = 3  # on its way, where the shop names no day


class SiteBroker(_Section, frozen=True):
    host: str = "localhost"  # the home's or plant's own MQTT 5 broker; not the shop's
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 1883  # 8883 with TLS, by custom
    tls: bool = False  # true: TLS 1.2 or newer, host name checked
    ca_file: str = ""  # its certificate authority; '' = those that the system trusts
    username: str = ""  # '' = none
    password_file: str = ""  # one line; readable for the device's user only
    keepalive_seconds: Seconds = 30  # a dead link is noticed after one and a half of these
    reconnect_min_seconds: Rest = 1.0  # at most so long after a first failure; doubled after each
    reconnect_max_seconds: Rest = 60.0  # the longest rest between two attempts
    oldest_reading_seconds: Seconds = 3_600  # a reading older than this says nothing about now


class Sensor(_Section, frozen=True):
    id: Name  # how journal and log name it
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]  # as said: "the coffee machine"
    topic: Annotated[str, msgspec.Meta(pattern=r"^[^+#\x00]{1,256}$")]  # of the site broker, no wildcard
    unit: Unit  # of the amounts below, and of a reading that names none
    full_amount: Amount  # what it holds, in `unit`
    low_amount: Amount  # at or below this an order is proposed
    high_amount: Amount  # at or above this it counts as refilled
    product: str  # id in the shop's catalogue
    pack_amount: Amount  # what one piece, bag or box of the product adds, in `unit`
    options: dict[str, str] = {}  # option id to choice id; defaults are filled in
    hold_seconds: Annotated[int, msgspec.Meta(ge=0, le=604_800)] = 60  # so long before it is believed
    silent_after_seconds: Patience = (
        86_400  # without a good reading; then it is said once, and nothing proposed
    )

    def __post_init__(self) -> None:
        if not 0 <= self.low_amount < self.high_amount <= self.full_amount:
            raise ValueError(f"sensor {self.id}: low_amount < high_amount <= full_amount is not so")
        if self.pack_amount <= 0:
            raise ValueError(f"sensor {self.id}: pack_amount is not above zero")


class Touch(_Section, frozen=True):
    keypad_device: str = ""  # '/dev/input/by-id/...'; '' = none. PINs, codes and Enter
    badge_device: str = ""  # a badge reader that types the badge's number
    button_device: str = ""  # push-to-talk, and the press before a badge: any key of it
    key_pause_seconds: Rest = 10.0  # a longer pause between two keys begins a new number

    @property
    def devices(self) -> tuple[str, ...]:
        """Those that are named."""
        return tuple(path for path in (self.keypad_device, self.badge_device, self.button_device) if path)

    @property
    def can_press(self) -> bool:
        """Whether there is a key for somebody who stands there: the button, or the keypad's Enter."""
        return bool(self.keypad_device or self.button_device)


class Sandbox(_Section, frozen=True):
    require_landlock: bool = False  # true: do not start on a kernel that cannot limit which files are opened


class Settings(_Section, frozen=True):
    schema_version: int = SCHEMA_VERSION
    device: Device = Device()
    paths: Paths = Paths()
    keys: Keys = Keys()
    audio: Audio = Audio()
    feedback: Feedback = Feedback()
    wake: Wake = Wake()
    endpoint: Endpoint = Endpoint()
    asr: Asr = Asr()
    speaker: Speaker = Speaker()
    policy: Policy = Policy()
    broker: Broker = Broker()
    orders: Orders = Orders()
    touch: Touch = Touch()
    sandbox: Sandbox = Sandbox()
    proposals: Proposals = Proposals()
    site_broker: SiteBroker = SiteBroker()
    sensors: tuple[Sensor, ...] = ()
    update: Update = Update()

    def __post_init__(self) -> None:
        for field in ("id", "topic"):
            values = [getattr(sensor, field) for sensor in self.sensors]
            if len(set(values)) < len(values):
                raise ValueError(f"two sensors have the same {field}")
        if self.asr.engine == "moonshine" and self.device.language != MOONSHINE_LANGUAGE:
            raise ValueError(f"moonshine does not hear {self.device.language!r}: asr.engine 'auto' or 'vosk'")
