"""Every message that crosses a process border on the device. Frozen, tagged, unknown fields refused.

voice <-> till, till <-> uplink, supervisor -> each. Those of sensors and touch stand in
`agent.plumbing.site_messages`. (The operator socket has its own in `agent.plumbing.operator`.)
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

ErrorCode = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{0,40}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]


class Message(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Base of all frames; the msgpack map carries the class name under 'type'."""


# voice -> till


class VoiceReady(Message, frozen=True):
    """Models are loaded, the tight filter is on; `till` answers with `UseGrammar` and `ListenPolicy`.
    `speaker_model` (a `full_name`) makes every embedding on this connection."""

    speaker_model: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,64}(:[a-z0-9-]{1,64})?\Z")]


LONGEST_PHRASE = 500
Phrase = Annotated[str, msgspec.Meta(max_length=LONGEST_PHRASE)]


GrammarId = Annotated[str, msgspec.Meta(max_length=64)]


class RunnerUp(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Another sentence of the grammar that was nearly heard, and how many nats (>= 0) less likely it is."""

    words: Annotated[str, msgspec.Meta(max_length=1_000)]
    behind_nats: float


MOST_RUNNERS_UP = 8


class Utterance(Message, frozen=True):
    """One stretch of speech, understood or not.

    `listen_id` is that of the `Listen` it answers, 0 after the wake word. `words` is the sentence of the
    grammar (normalised) or '' where none survived the beam. `open_words` is the free decode, or two of them
    with BETWEEN_DECODES in between; it can take a consent or an order back and never gives one.
    `gap_per_token` (<= 0, nats) is how much likelier free speech is. `runners_up` are other sentences of the
    grammar, nearest first. `embedding` is the unit-length speaker embedding, or None where nobody is enrolled
    or the speech is too short to say anything; `embedding_in_noise` is that of the same speech with noise
    mixed in, only while somebody is being enrolled. `speech_ms` counts the speech that went into it (pooled
    with the wake phrase after a wake). `snr_db` may be None where it could not be measured. `speech_ended_ns`
    is CLOCK_MONOTONIC when the last frame of speech came. `grammar_id` is that of the grammar by which all of
    it was heard. `number` counts the utterances of this `voice`, from 1.
    """

    listen_id: int
    words: str
    open_words: str
    gap_per_token: float
    embedding: tuple[float, ...] | None
    speech_ms: int
    snr_db: float | None
    speech_ended_ns: int
    grammar_id: GrammarId
    number: Count = 0
    embedding_in_noise: tuple[float, ...] | None = None
    runners_up: Annotated[tuple[RunnerUp, ...], msgspec.Meta(max_length=MOST_RUNNERS_UP)] = ()


class GrammarTaken(Message, frozen=True):
    """In answer to `UseGrammar`: whatever is told from now on was heard by that grammar. Or it cannot be
    heard by (`fault` is an error code), and the one before stays."""

    grammar_id: GrammarId
    fault: ErrorCode = ""


class Silence(Message, frozen=True):
    """A `Listen` window passed without speech."""

    listen_id: int


class Woken(Message, frozen=True):
    """The wake word was heard; an `Utterance` or a `Silence` with listen_id 0 follows."""

    score: float


class WentOn(Message, frozen=True):
    """Whoever gave the order of the last `Utterance` speaks on; it had that listen_id. What is said in answer
    to it is withheld; another `Utterance` with the same listen_id follows, of all that was said."""

    listen_id: int


class Spoken(Message, frozen=True):
    """A `Say` has been played to its end, or was withheld after `WentOn` (or could not be played: `fault` is
    an error code)."""

    say_id: int
    fault: str = ""


class VoiceFault(Message, frozen=True):
    """The ear is not well: `code` is an error code ('audio_no_frames', 'grammar_invalid', ...)."""

    code: str
    detail: str


class VoiceMended(Message, frozen=True):
    """What was told as a `VoiceFault` of that code is over."""

    code: ErrorCode


# till -> voice


class Listen(Message, frozen=True):
    """Listen without a wake word for `window_ms` of audio, for sentences of `entry`; where `phrases` are
    given, for these and nothing else (normalised; `entry` only names them)."""

    listen_id: int
    entry: str
    window_ms: int
    phrases: Annotated[tuple[Phrase, ...], msgspec.Meta(max_length=1_000)] = ()


LONGEST_SAID = 1_000
"""Characters of one text that is spoken: more than a minute. Nobody keeps more in mind until its end."""

RatePercent = Annotated[int, msgspec.Meta(ge=50, le=200)]


class Say(Message, frozen=True):
    """Speak `text`, after the short sound `earcon`, if any; when it has been played, obey `then` (or go back
    to waiting for the wake word). `answers`: the number of the `Utterance` that it answers, 0 where none.
    `rate_percent`: how fast, of the usual speed."""

    say_id: int
    text: str
    language: str
    then: Listen | None = None
    earcon: Literal["", "refused", "queued", "ordered"] = ""
    answers: Count = 0
    rate_percent: RatePercent = 100


class Prepare(Message, frozen=True):
    """Sentences that will be said again and again: they may be spoken ahead, when nothing else is to do."""

    texts: Annotated[tuple[Phrase, ...], msgspec.Meta(max_length=1_000)]
    language: str
    rate_percent: RatePercent = 100


class UseGrammar(Message, frozen=True):
    """Comes with one file descriptor: a sealed memfd that holds a `SentenceGraph`. It is taken between
    utterances, and `GrammarTaken` says when; one that comes meanwhile replaces it, and is answered alone."""

    grammar_id: GrammarId


class ListenPolicy(Message, frozen=True):
    """`embed`: whether speaker embeddings are wanted (only when someone is enrolled or being enrolled);
    `in_noise`: whether those of the same speech in noise are (only when someone is being enrolled)."""

    embed: bool
    in_noise: bool = False


# till <-> uplink


class Publish(Message, frozen=True):
    """Carry `payload` to `topic` (full topic) at QoS 1; on PUBACK comes `Published` with the same `ref`."""

    ref: str
    topic: str
    payload: bytes
    retain: bool = False


MOST_PARTS_AT_ONCE = 4


class FetchParts(Message, frozen=True):
    """Read these parts of the shop's catalogue, by their SHA-256, and no others; each comes as a `Received`.
    Empty: none any more."""

    parts: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")], ...],
        msgspec.Meta(max_length=MOST_PARTS_AT_ONCE),
    ]


class Presence(Message, frozen=True):
    """What to say on every connection from now on, and what to leave as its last will: two payloads for
    up/status, signed together."""

    online: bytes
    offline: bytes


class Published(Message, frozen=True):
    """The broker took it. Proves nothing about the shop."""

    ref: str


class Received(Message, frozen=True):
    """A message came down from the broker. The bytes are not trusted before a signature says so."""

    topic: str
    payload: bytes


class LinkState(Message, frozen=True):
    """The MQTT session is up or down; `reason` is an error code or ''."""

    connected: bool
    reason: str = ""


class ClientCertificate(Message, frozen=True):
    """`uplink` shows the broker a certificate that is good from then until then (Unix seconds), with that
    serial number (hex), signed by the authority with that fingerprint ('': by none that it knows)."""

    not_before_s: int
    not_after_s: int
    serial: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{0,40}\Z")] = ""
    authority: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""


class RequestCertificate(Message, frozen=True):
    """Make a new TLS key and say what is to be certified."""


class CertificateRequest(Message, frozen=True):
    """In answer to `RequestCertificate`: PKCS #10 in PEM; or '', and `fault` says why."""

    pem: Annotated[str, msgspec.Meta(max_length=4_000)]
    fault: ErrorCode = ""


class UseCertificate(Message, frozen=True):
    """The certificate (PEM) for the key made last; where it is no good, `CertificateRequest` says a fault."""

    pem: Annotated[str, msgspec.Meta(max_length=8_000)]


class UseAuthorities(Message, frozen=True):
    """These (PEM) and no others may vouch for the broker from now on."""

    pem: Annotated[str, msgspec.Meta(max_length=16_000)]


# supervisor -> voice, till, uplink, sensors, touch


class Peer(Message, frozen=True):
    """Comes with one file descriptor: a connected stream socket to the named process; replaces an earlier
    one.
    """

    name: Literal["voice", "till", "uplink", "sensors", "touch"]


class OperatorListener(Message, frozen=True):
    """Comes with one file descriptor: the listening operator socket (to `till` only)."""


class Stop(Message, frozen=True):
    """Finish what is in hand and exit 0."""


VoiceToTill = (
    VoiceReady | GrammarTaken | Utterance | WentOn | Silence | Woken | Spoken | VoiceFault | VoiceMended
)
TillToVoice = Listen | Say | UseGrammar | ListenPolicy | Prepare
TillToUplink = FetchParts | Publish | Presence | RequestCertificate | UseAuthorities | UseCertificate
UplinkToTill = Published | Received | LinkState | ClientCertificate | CertificateRequest
SupervisorToProcess = Peer | OperatorListener | Stop
