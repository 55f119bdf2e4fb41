"""`earmark`: the one command of the device. Every error ends in a code, what was found, and the next step."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from agent import __version__
from agent.commands.bench_arguments import add_benchmarks
from agent.commands.catalogue_arguments import add_catalogue
from agent.commands.command_line import add_command, seconds
from agent.commands.feedback_arguments import add_feedback
from agent.commands.key_arguments import add_key_arguments, add_keys
from agent.commands.people_arguments import add_people
from agent.commands.phone_arguments import add_phone
from agent.commands.policy_arguments import add_policy
from agent.plumbing.command_words import check_words
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
        check_words(arguments)
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

    provision = add_command(
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
    add_key_arguments(provision)
    provision.add_argument(
        "--claim",
        nargs="?",
        const="",
        metavar="CODE",
        help="enrol by a code of the shop; asked for if not given",
    )
    provision.add_argument(
        "--shop", default="localhost", metavar="HOST[:PORT]", help="where the shop enrols, with --claim"
    )
    for option, what in (
        ("--certificate", "the client certificate that the shop returned"),
        ("--trust", "the trust.json that the shop returned"),
        ("--catalogue", "the shop's catalogue"),
    ):
        provision.add_argument(option, type=Path, metavar="FILE", help=what)

    doctor = add_command(
        commands, "doctor", "doctor", "run", "what is well, what is not, and the command that mends it"
    )
    doctor.add_argument("--json", action="store_true", help="for machines")

    status = add_command(
        commands, "status", "status", "run", "what the device is doing, and which catalogue it serves"
    )
    status.add_argument("--follow", action="store_true", help="a line whenever it changes, until Ctrl-C")
    status.add_argument("--json", action="store_true", help="for machines")

    add_command(
        commands, "run", "run", "run", "start voice, till and uplink, each in its sandbox, until Ctrl-C"
    )

    enrol = add_command(
        commands, "enrol", "operators", "enrol", "learn a voice: the device asks for consent aloud"
    )
    enrol.add_argument("name", help="how the device addresses the person; never leaves the device")

    add_people(commands)

    shift = add_command(commands, "shift", "shift", "show", "who is on shift: whose voice orders are")
    shift.add_argument("--json", action="store_true", help="for machines")
    shift.add_argument("--end", action="store_true", help="end it: nobody is on from now")

    pin = add_command(commands, "pin", "operators", "pin", "a person's new PIN, typed on the device's keypad")
    badge = add_command(
        commands, "badge", "operators", "badge", "a person's new badge, held twice to the device's reader"
    )
    for factor in (pin, badge):
        factor.add_argument("person", help="the pseudonym, from `earmark people`")
        factor.add_argument(
            "--remove", action="store_true", help="take it away, for instance when it was lost"
        )

    chat = add_command(
        commands, "chat", "operators", "chat", "the conversation, typed; a typed word places nothing"
    )
    chat.add_argument("--language", choices=["en", "ko", "pl"], default="en")
    chat.add_argument(
        "--as",
        dest="person",
        default="",
        metavar="PERSON",
        help="who types: that person's PIN at the keypad, or phone, places what is typed",
    )
    chat.add_argument("--speak", action="store_true", help="also read the replies aloud (espeak-ng)")
    chat.add_argument("--record", type=Path, metavar="DIR", help="also write the replies as DIR/001.wav ...")

    orders = add_command(
        commands, "orders", "operators", "orders", "the journal: what was asked, queued, ordered, refused"
    )
    orders.add_argument("--limit", type=int, default=20)
    orders.add_argument("--json", action="store_true", help="for machines")

    cancel = add_command(
        commands, "cancel", "operators", "cancel", "take an order back, while the shop has not handed it over"
    )
    cancel.add_argument("order", help="the shop's number, or the intent_id of `earmark orders --json`")

    add_keys(commands)
    add_catalogue(commands)
    add_policy(commands)
    add_phone(commands)
    add_feedback(commands)

    hear = add_command(
        commands, "hear", "hear", "run", "what the device hears in audio files: wake, words, lines, gap"
    )
    hear.add_argument("files", nargs="+", type=Path, metavar="FILE")
    hear.add_argument("--catalogue", type=Path, help="another catalogue than that of the settings")
    hear.add_argument("--json", action="store_true", help="one JSON object a line")

    audio = commands.add_parser("audio", help="microphone and loudspeaker").add_subparsers(
        metavar="ACTION", required=True
    )
    sound_test = add_command(
        audio,
        "test",
        "audio",
        "test",
        "list the devices, show the microphone's level, play a tone and hear it",
    )
    sound_test.add_argument(
        "--seconds", type=seconds, default=3.0, metavar="S", help="how long to listen (default: 3)"
    )
    sound_test.add_argument("--no-tone", action="store_true", help="play nothing")
    sound_test.add_argument("--json", action="store_true", help="for machines")

    _bench(commands)
    return parser


_Subparsers = argparse._SubParsersAction


def _models(commands: _Subparsers[argparse.ArgumentParser]) -> None:
    models = commands.add_parser("models", help="the model files: fetch, list, verify").add_subparsers(
        metavar="ACTION", required=True
    )
    fetch = add_command(models, "fetch", "models", "fetch", "bring what is missing or damaged")
    fetch.add_argument("ids", nargs="*", metavar="ID", help="only these (default: all that are needed)")
    fetch.add_argument("--mirror", type=Path, help="a folder to take them from before the network is asked")
    pin = add_command(models, "pin", "models", "pin", "unpack a vendor's zip that models.toml has no hash of")
    pin.add_argument("id")
    pin.add_argument("archive", type=Path)
    pin.add_argument("--sha256", default="", help="what the vendor or somebody you trust says it is")
    add_command(models, "list", "models", "show", "every model: purpose, licence, size, state")
    add_command(models, "verify", "models", "verify", "hash every file")


def _bench(commands: _Subparsers[argparse.ArgumentParser]) -> None:
    bench = commands.add_parser("bench", help="the benchmarks behind every figure")
    add_benchmarks(bench.add_subparsers(metavar="BENCHMARK", required=True))


if __name__ == "__main__":
    sys.exit(main())
