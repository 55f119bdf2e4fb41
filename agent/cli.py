"""`earmark`: the one command of the device. Every error ends in a code, what was found, and the next step."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from agent import __version__
from agent.plumbing.errors import EarmarkError

EXIT_ERROR = 1
EXIT_USAGE = 2

DEFAULT_SETTINGS = "earmark.toml"

_EPILOG = """\
a first hour:
  earmark models fetch             bring the models (about 120 MB), each checked by its hash
  earmark provision shelf          make a device in the folder `shelf`: settings, keys, a request for the shop
  earmark-backend admit ...        the shop signs the request (see docs/provisioning.md)
  earmark provision shelf --certificate ... --trust ... --catalogue ...
  earmark -s shelf/earmark.toml doctor    what is well, what is not, and what to do
  earmark -s shelf/earmark.toml run       hear, verify, order
  earmark -s shelf/earmark.toml enrol Anna
and then say: "okay nabu, order two bags of dark roast coffee"
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status (0 done, 1 an error that was explained, 2 wrong usage)."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    try:
        command: Callable[[argparse.Namespace], int] = getattr(
            import_module(f"agent.commands.{arguments.module}"), arguments.function
        )
        return command(arguments)
    except EarmarkError as error:
        print(f"earmark: {error.explained()}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) has enough; what is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, with help that teaches."""
    parser = argparse.ArgumentParser(
        prog="earmark",
        description="Order by voice from a device you own. Nothing spoken ever leaves it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"earmark {__version__}")
    parser.add_argument(
        "-s",
        "--settings",
        type=Path,
        default=Path(os.environ.get("EARMARK_SETTINGS", DEFAULT_SETTINGS)),
        help=f"settings file (default: $EARMARK_SETTINGS or {DEFAULT_SETTINGS})",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _models(commands)

    provision = _command(
        commands, "provision", "provision", "run", "make a device, then take in what the shop answered"
    )
    provision.add_argument("folder", type=Path, help="the device's folder: settings, keys, state")
    provision.add_argument("--device-id", default="device-1", help="its name on the wire (default: device-1)")
    provision.add_argument(
        "--environment",
        choices=["production", "test", "demo"],
        default="production",
        help="what its orders count for",
    )
    for option, what in (
        ("--certificate", "the client certificate that the shop returned"),
        ("--trust", "the trust.json that the shop returned"),
        ("--catalogue", "the shop's catalogue"),
    ):
        provision.add_argument(option, type=Path, metavar="FILE", help=what)

    doctor = _command(
        commands, "doctor", "doctor", "run", "what is well, what is not, and the command that mends it"
    )
    doctor.add_argument("--json", action="store_true", help="for machines")

    status = _command(commands, "status", "status", "run", "what the device is doing, in one line")
    status.add_argument("--follow", action="store_true", help="a line whenever it changes, until Ctrl-C")
    status.add_argument("--json", action="store_true", help="for machines")

    _command(commands, "run", "run", "run", "start voice, till and uplink, each in its sandbox, until Ctrl-C")

    enrol = _command(
        commands, "enrol", "operators", "enrol", "learn a voice: the device asks for consent aloud"
    )
    enrol.add_argument("name", help="how the device addresses the person; never leaves the device")

    people = _command(commands, "people", "operators", "people", "who is enrolled")
    people.add_argument("--forget", metavar="PSEUDONYM", help="destroy a person's voiceprint for good")

    pin = _command(commands, "pin", "operators", "pin", "a person's new PIN, typed on the device's keypad")
    badge = _command(
        commands, "badge", "operators", "badge", "a person's new badge, held twice to the device's reader"
    )
    for factor in (pin, badge):
        factor.add_argument("person", help="the pseudonym, from `earmark people`")
        factor.add_argument(
            "--remove", action="store_true", help="take it away, for instance when it was lost"
        )

    chat = _command(
        commands, "chat", "operators", "chat", "the conversation, typed; a typed word confirms nothing"
    )
    chat.add_argument("--language", choices=["en", "ko", "pl"], default="en")
    chat.add_argument("--speak", action="store_true", help="also read the replies aloud (espeak-ng)")
    chat.add_argument("--record", type=Path, metavar="DIR", help="also write the replies as DIR/001.wav ...")

    orders = _command(
        commands, "orders", "operators", "orders", "the journal: what was asked, queued, ordered, refused"
    )
    orders.add_argument("--limit", type=int, default=20)
    orders.add_argument("--json", action="store_true", help="for machines")

    hear = _command(
        commands, "hear", "hear", "run", "what the device hears in audio files: wake, words, slots, gap"
    )
    hear.add_argument("files", nargs="+", type=Path, metavar="FILE")
    hear.add_argument("--catalogue", type=Path, help="another catalogue than that of the settings")
    hear.add_argument("--json", action="store_true", help="one JSON object a line")

    audio = commands.add_parser("audio", help="microphone and loudspeaker").add_subparsers(
        metavar="ACTION", required=True
    )
    sound_test = _command(
        audio,
        "test",
        "audio",
        "test",
        "list the devices, show the microphone's level, play a tone and hear it",
    )
    sound_test.add_argument(
        "--seconds", type=_seconds, default=3.0, metavar="S", help="how long to listen (default: 3)"
    )
    sound_test.add_argument("--no-tone", action="store_true", help="play nothing")
    sound_test.add_argument("--json", action="store_true", help="for machines")

    _bench(commands)
    return parser


_Subparsers = argparse._SubParsersAction


def _command(
    commands: _Subparsers[argparse.ArgumentParser], name: str, module: str, function: str, help_text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".")
    parser.set_defaults(module=module, function=function)
    return parser


def _models(commands: _Subparsers[argparse.ArgumentParser]) -> None:
    models = commands.add_parser("models", help="the model files: fetch, list, verify").add_subparsers(
        metavar="ACTION", required=True
    )
    fetch = _command(models, "fetch", "models", "fetch", "bring what is missing or damaged")
    fetch.add_argument("ids", nargs="*", metavar="ID", help="only these (default: all that are needed)")
    fetch.add_argument("--mirror", type=Path, help="a folder to take them from before the network is asked")
    pin = _command(models, "pin", "models", "pin", "unpack a vendor's zip that models.toml has no hash of")
    pin.add_argument("id")
    pin.add_argument("archive", type=Path)
    pin.add_argument("--sha256", default="", help="what the vendor or somebody you trust says it is")
    _command(models, "list", "models", "show", "every model: purpose, licence, size, state")
    _command(models, "verify", "models", "verify", "hash every file")


def _bench(commands: _Subparsers[argparse.ArgumentParser]) -> None:
    bench = commands.add_parser("bench", help="the benchmarks behind every figure").add_subparsers(
        metavar="BENCHMARK", required=True
    )
    orders = _command(
        bench, "orders", "bench", "orders", "share of spoken orders understood with every slot right"
    )
    orders.add_argument(
        "--set", type=Path, required=True, metavar="DIR", help="labels.jsonl, domain.json, audio/"
    )
    speakers = _command(
        bench, "speakers", "bench", "speakers", "how well people are told apart by voice: EER, false rejects"
    )
    orders.add_argument(
        "--rejects",
        type=Path,
        metavar="DIR",
        help="recordings without orders; what passes is wrong",
    )
    orders.add_argument(
        "--noise-kind",
        type=lambda text: tuple(text.split(",")),
        default=(),
        metavar="KIND,KIND",
        help="made noise: hum, impulses, broadband, music, talker, headset; needs --snr",
    )
    orders.add_argument(
        "--talkers", type=Path, metavar="DIR", help="speech for talker and headset (default: made voices)"
    )
    orders.add_argument(
        "--columns", type=Path, metavar="FILE", help="JSON of the kinds of noise; a PNG beside it"
    )
    orders.add_argument(
        "--curve",
        type=Path,
        metavar="FILE",
        help="JSON of what each gate lets pass; a PNG beside it",
    )
    speakers.add_argument(
        "--set",
        type=Path,
        required=True,
        metavar="DIR",
        help="enrolled/ID/ (six files or more each), others/",
    )
    speakers.add_argument(
        "--seconds", type=_seconds, default=2.5, metavar="S", help="speech in one trial (default: 2.5)"
    )
    wake = _command(
        bench, "wake", "bench", "wake", "how often the wake word is missed or heard in other speech"
    )
    wake.add_argument("--set", type=Path, required=True, metavar="DIR", help="recordings of the phrase alone")
    wake.add_argument("--phrase", required=True, help="'okay nabu', 'alexa', 'hey jarvis', 'hey mycroft'")
    wake.add_argument(
        "--negatives", type=Path, metavar="DIR", help="other speech; what wakes is a false alarm"
    )
    wake.add_argument(
        "--variations",
        action="store_true",
        help="the negatives also faster, slower, and in the noise at 15 dB",
    )
    wake.add_argument(
        "--followed-by", type=Path, metavar="DIR", help="recordings that follow each clip without a pause"
    )
    bargein = _command(
        bench, "bargein", "bench", "bargein", 'whether "stop" and "cancel" are heard while the device speaks'
    )
    bargein.add_argument(
        "--catalogue", type=Path, required=True, metavar="FILE", help="whose consents would be taken"
    )
    bargein.add_argument(
        "--echo",
        type=_numbers,
        default=(6.0, 0.0, -6.0, -12.0),
        metavar="DB,DB",
        help="its own voice at the microphone against the person's (default: 6,0,-6,-12)",
    )
    bargein.add_argument(
        "--set", type=Path, metavar="DIR", help="recordings named stop... and cancel... (default: synthetic)"
    )
    bargein.add_argument("--negatives", type=Path, metavar="DIR", help="other speech while it speaks")
    bargein.add_argument("--json", action="store_true", help="for machines")
    speech = _command(bench, "speech", "bench", "speech", "how long from a text to its first sound")
    speech.add_argument("--json", action="store_true", help="for machines")
    speakers.add_argument(
        "--pooled",
        action="store_true",
        help="order and consent together: one voice or two, and what verifying both as one gains",
    )
    for benchmark in (orders, speakers, wake):
        benchmark.add_argument("--noise", type=Path, metavar="FILE", help="noise to mix in")
        benchmark.add_argument(
            "--snr", type=_numbers, default=(), metavar="DB,DB", help="signal-to-noise ratios; needs --noise"
        )
        benchmark.add_argument("--json", action="store_true", help="for machines")
    journey = _command(
        bench, "journey", "bench", "journey", "whole conversations with synthetic customers, to the receipt"
    )
    journey.add_argument("--catalogue", type=Path, metavar="FILE", help="default: that of the sample shop")
    journey.add_argument(
        "--conversations", type=int, default=24, metavar="N", help="in each row (default: 24)"
    )
    journey.add_argument("--noise", type=Path, metavar="FILE", help="noise to mix in (default: made, pink)")
    journey.add_argument("--snr", type=_numbers, default=(20.0, 10.0), metavar="DB,DB", help="default: 20,10")
    journey.add_argument("--json", action="store_true", help="for machines")
    _bench_device(bench)


def _bench_device(bench: _Subparsers[argparse.ArgumentParser]) -> None:
    idle = _command(
        bench, "idle", "bench_device", "idle", "processor time and memory of voice while nobody speaks"
    )
    idle.add_argument(
        "--seconds", type=int, default=180, metavar="S", help="of listening that are measured (default: 180)"
    )
    idle.add_argument("--noise", type=Path, metavar="FILE", help="what the room sounds like (default: quiet)")
    latency = _command(
        bench, "latency", "bench_device", "latency", "from the end of speech to the recognised order; pauses"
    )
    latency.add_argument(
        "--set", type=Path, required=True, metavar="DIR", help="labels.jsonl, domain.json, audio/"
    )
    latency.add_argument("--noise", type=Path, metavar="FILE", help="noise to mix in")
    latency.add_argument(
        "--snr", type=_numbers, default=(), metavar="DB,DB", help="signal-to-noise ratios; needs --noise"
    )
    baskets = _command(
        bench, "baskets", "bench_device", "baskets", "made orders of several items, and with corrections"
    )
    baskets.add_argument("--catalogue", type=Path, required=True, metavar="FILE", help="what is ordered")
    baskets.add_argument(
        "--count", type=int, default=100, metavar="N", help="sentences that are spoken (default: 100)"
    )
    baskets.add_argument("--seed", type=int, default=5, metavar="N", help="of the sentences (default: 5)")
    baskets.add_argument("--noise", type=Path, metavar="FILE", help="noise to mix in")
    baskets.add_argument(
        "--snr", type=_numbers, default=(), metavar="DB,DB", help="signal-to-noise ratios; needs --noise"
    )
    catalogue = _command(
        bench, "catalogue", "bench_device", "catalogue", "what large catalogues take: time, memory, decoding"
    )
    catalogue.add_argument(
        "--products",
        type=_counts,
        default=(100, 4_000, 50_000),
        metavar="N,N",
        help="sizes of made-up catalogues (default: 100,4000,50000)",
    )
    catalogue.add_argument(
        "--orders", type=int, default=24, metavar="N", help="spoken at each size (default: 24)"
    )
    for benchmark in (idle, latency, catalogue, baskets):
        benchmark.add_argument("--json", action="store_true", help="for machines")


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers like 24,12,6") from None


def _counts(text: str) -> tuple[int, ...]:
    counts = tuple(int(part) if part.isdecimal() else 0 for part in text.split(","))
    if not all(1 <= count <= 100_000 for count in counts):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers from 1 to 100000 like 100,4000")
    return counts


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 60.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.1 to 60")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
