"""`earmark orders|cancel|enrol|pin|badge|chat`: clients of the till's operator socket."""

from __future__ import annotations

import argparse
import datetime
import io
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import UnionType
from typing import Any

import msgspec

from agent.commands.sensors_shown import heard_how
from agent.plumbing import operator
from agent.plumbing.currencies import on_a_bill
from agent.plumbing.errors import ConfigurationError, EarmarkError, IpcError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Message
from agent.plumbing.settings_file import load_settings
from agent.plumbing.sound_server import WITHOUT_SOUND_SERVER
from agent.plumbing.supervisor import operator_socket
from agent.plumbing.terminal import plain

LONGEST_REPLY_SECONDS = 30


class OperatorClient:
    """A connection to the running device."""

    def __init__(self, state_dir: Path) -> None:
        """Raises IpcError device_not_running, operator_not_allowed."""
        path = operator_socket(state_dir)
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(str(path))
        except PermissionError as error:
            raise IpcError(
                "operator_not_allowed",
                f"{path} belongs to another user",
                "run it as the device's user or with sudo",
            ) from error
        except OSError as error:
            raise IpcError("device_not_running", f"nobody answers at {path}", "earmark run") from error
        self._connection = IpcConnection(sock, peer="till")

    def send(self, request: Message, fds: tuple[int, ...] = ()) -> None:
        """Raises IpcError operator_request where the till would drop it without an answer."""
        try:
            msgspec.msgpack.decode(msgspec.msgpack.encode(request), type=operator.OperatorRequest)
        except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError) as error:
            raise IpcError(
                "operator_request", f"the device does not take that: {error}", "earmark --help"
            ) from error
        self._connection.send(request, fds)

    def receive(self, types: type[Message] | UnionType) -> Any:
        """The next answer of `types`. A `Problem` is raised as the EarmarkError it stands for. Raises
        IpcError: device_stopped, operator_answer (an answer of another type)."""
        try:
            answer, _ = self._connection.receive(operator.OperatorAnswer)
        except EOFError as error:
            raise IpcError("device_stopped", "the device has stopped answering", "earmark doctor") from error
        if isinstance(answer, operator.Problem):
            raise EarmarkError(answer.code, answer.detail, answer.next_step)
        if not isinstance(answer, types):
            raise IpcError("operator_answer", f"unexpected {type(answer).__name__}", "update earmark-agent")
        return answer

    def ask(self, request: Message, types: type[Message] | UnionType) -> Any:
        """Sends `request` and gives its answer. Raises as `send` and `receive` do."""
        self.send(request)
        return self.receive(types)

    def close(self) -> None:
        self._connection.close()


def connect(arguments: argparse.Namespace) -> OperatorClient:
    """To the device that the settings name."""
    return OperatorClient(Path(load_settings(arguments.settings).paths.state_dir))


def orders(arguments: argparse.Namespace) -> int:
    """Prints the journal's newest orders and decisions."""
    shown: operator.OrdersShown = connect(arguments).ask(
        operator.ShowOrders(arguments.limit), operator.OrdersShown
    )
    if arguments.json:
        print(msgspec.json.encode(shown).decode())
        return 0
    if not shown.orders:
        print("No order yet.")
    for row in shown.orders:
        end = " ".join(word for word in (row.order_id, row.reason) if word)
        print(plain(f"{_when(row.queued_at)}  {row.state:8}  {row.title}, {_money(row)}  {end}"))
    if shown.proposals:
        print("\nRunning low:")
    for proposal in shown.proposals:
        about = f"{proposal.name}, {proposal.level:.0%} left: {proposal.title}, {_money(proposal)}"
        print(plain(f"  {_PROPOSAL_STATES[proposal.state]:18}  {about}"))
    if shown.sensors:
        print("\nSensors:")
    for sensor in shown.sensors:
        print(plain(f"  {sensor.name}: {heard_how(sensor)}"))
    if shown.decisions:
        print("\nDecisions:")
    for decision in shown.decisions:
        print(plain(f"{_when(decision.at)}  {decision.code:24}  {decision.title or decision.person}"))
    return 0


def cancel(arguments: argparse.Namespace) -> int:
    """Takes an order back, or asks the shop to."""
    answer: operator.CancelAt = connect(arguments).ask(
        operator.CancelOrder(arguments.order), operator.CancelAt
    )
    if answer.stage == "cancelled":
        print(plain(f"Cancelled: {answer.title}. It had never left the device."))
    else:
        print(plain(f"The shop is asked to cancel: {answer.title}. `earmark orders` shows its answer."))
    return 0


_PROPOSAL_STATES: dict[operator.ProposalState, str] = {
    "not_asked_yet": "not asked yet",
    "asked": "asked",
    "declined": "not wanted",
    "on_its_way": "on its way",
}


def _money(row: operator.OrderRow | operator.ProposalRow) -> str:
    return on_a_bill(row.total_minor, row.currency)


def _when(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def enrol(arguments: argparse.Namespace) -> int:
    """Starts an enrolment and shows what the device says; 1 where nothing was learned."""
    print("The device now speaks. Answer it aloud, near the microphone.")
    return _follow(connect(arguments), operator.Enrol(arguments.name))


def _follow(client: OperatorClient, request: Message) -> int:
    """Shows each step of what goes on at the device itself."""
    client.send(request)
    while True:
        step: operator.EnrolStep = client.receive(operator.EnrolStep)
        print(f"  {plain(step.text)}" if step.text else "  (the device stopped waiting)")
        if step.done:
            return 0 if step.learned else 1


def pin(arguments: argparse.Namespace) -> int:
    """Starts the setting of a PIN and shows what the device says, or removes it; 1 where none was set."""
    return _factor("pin", arguments)


def badge(arguments: argparse.Namespace) -> int:
    """As `pin`, for a badge."""
    return _factor("badge", arguments)


def _factor(kind: operator.FactorKind, arguments: argparse.Namespace) -> int:
    client = connect(arguments)
    if not arguments.remove:
        return _follow(client, operator.SetFactor(arguments.person, kind))
    answer: operator.Forgotten = client.ask(operator.RemoveFactor(arguments.person, kind), operator.Forgotten)
    if not answer.found:
        raise ConfigurationError("factor_none", f"{arguments.person} has no {kind}", "earmark people")
    print(f"Removed: the {kind} of {arguments.person} confirms nothing any more.")
    return 0


def chat(arguments: argparse.Namespace) -> int:
    """A typed conversation from standard input."""
    client = connect(arguments)
    if sys.stdin.isatty():
        print("Type what you would say; Ctrl-D ends it.")
    replies = _Replies(client, ReplyVoice(arguments.language, aloud=arguments.speak, folder=arguments.record))
    lines = 0
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    for line in sys.stdin:
        if text := line.strip():
            client.send(operator.ChatLine(arguments.language, text[:500], arguments.person))
            lines += 1
            replies.wait_for(lines)
    return 1 if replies.failed else 0


class ReplyVoice:
    """Reads replies aloud, or into files, with espeak-ng; silent where neither is wanted."""

    def __init__(self, language: str, *, aloud: bool, folder: Path | None) -> None:
        """Raises ConfigurationError espeak_missing."""
        self._language, self._aloud, self._folder, self._count = language, aloud, folder, 0
        if (aloud or folder) and shutil.which("espeak-ng") is None:
            raise ConfigurationError("espeak_missing", "espeak-ng is not installed", "apt install espeak-ng")
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    def read(self, text: str) -> None:
        """Returns when it is said and written."""
        self._count += 1
        if self._folder:
            unfinished = self._folder / "unfinished.wav"
            self._espeak("-w", str(unfinished), "--", text, **WITHOUT_SOUND_SERVER)
            unfinished.rename(self._folder / f"{self._count:03d}.wav")
        if self._aloud:
            self._espeak("--", text)

    def _espeak(self, *arguments: str, **extra_environment: str) -> None:
        command = ["espeak-ng", "-v", self._language, *arguments]
        subprocess.run(command, check=False, env={**os.environ, **extra_environment})


class _Replies:
    """Prints replies as they come: a receipt may arrive long after the line that led to it."""

    def __init__(self, client: OperatorClient, voice: ReplyVoice) -> None:
        self._client, self._voice = client, voice
        self._arrived = threading.Condition()
        self._count = 0
        self.failed = False
        threading.Thread(target=self._print, daemon=True).start()

    def wait_for(self, count: int) -> None:
        """Until `count` replies were printed, or the device is gone."""
        with self._arrived:
            self._arrived.wait_for(lambda: self.failed or self._count >= count, timeout=LONGEST_REPLY_SECONDS)

    def _print(self) -> None:
        try:
            while True:
                reply: operator.ChatReply = self._client.receive(operator.ChatReply)
                self._voice.read(reply.text)
                print(plain(reply.text), flush=True)
                with self._arrived:
                    self._count += 1
                    self._arrived.notify_all()
        except EarmarkError as error:
            print(f"earmark: {error.explained()}", file=sys.stderr)
            with self._arrived:
                self.failed = True
                self._arrived.notify_all()
