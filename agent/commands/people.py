"""`earmark people …`: clients of the till's operator socket."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
from pathlib import Path

import msgspec

from agent.commands.operators import OperatorClient, connect
from agent.plumbing import operator
from agent.plumbing.errors import ConfigurationError, IpcError
from agent.plumbing.terminal import plain

_PSEUDONYM = re.compile(r"[pm]-[0-9a-f]{8}")


def show(arguments: argparse.Namespace) -> int:
    """Lists everybody; with `--forget`, as `forget`."""
    if arguments.forget is not None:
        arguments.person, arguments.at_once = arguments.forget, False
        return forget(arguments)
    people = _people(connect(arguments))
    if getattr(arguments, "json", False):
        print(json.dumps([msgspec.to_builtins(person) for person in people], ensure_ascii=False))
        return 0
    for person in people:
        print(plain(_line(person)))
    if not people:
        print("Nobody is enrolled. Start with: earmark enrol NAME")
    return 0


def add(arguments: argparse.Namespace) -> int:
    """Somebody without a voice. Raises EarmarkError people_unwritable."""
    person = _changed(connect(arguments), operator.AddPerson(arguments.name))
    print(plain(_line(person)))
    print(f"Now: earmark pin {person.person}, or earmark badge {person.person}")
    return 0


def admit(arguments: argparse.Namespace) -> int:
    """Lets a newcomer order. Raises ConfigurationError person_unknown, person_ambiguous."""
    client = connect(arguments)
    pseudonym = _meant(client, arguments.person)
    print(plain(_line(_changed(client, operator.AdmitPerson(pseudonym, arguments.name)))))
    return 0


def role(arguments: argparse.Namespace) -> int:
    """Gives somebody a role. Raises ConfigurationError person_unknown, person_ambiguous."""
    client = connect(arguments)
    pseudonym = _meant(client, arguments.person)
    print(plain(_line(_changed(client, operator.SetRole(pseudonym, arguments.role)))))
    return 0


def remember(arguments: argparse.Namespace) -> int:
    """Whether somebody's orders may be used for suggestions. Raises ConfigurationError person_unknown,
    person_ambiguous."""
    client = connect(arguments)
    pseudonym = _meant(client, arguments.person)
    print(plain(_line(_changed(client, operator.SetRemembers(pseudonym, not arguments.off)))))
    return 0


def export(arguments: argparse.Namespace) -> int:
    """Prints or writes all that is known of somebody. Raises ConfigurationError: person_unknown,
    person_ambiguous, export_unwritable."""
    client = connect(arguments)
    client.send(operator.ExportPerson(_meant(client, arguments.person), arguments.templates))
    text, last = "", False
    while not last:
        piece: operator.PersonExported = client.receive(operator.PersonExported)
        text, last = text + piece.text, piece.last
    if arguments.out is None:
        print("\n".join(plain(line) for line in text.split("\n")))
        return 0
    _write(arguments.out, text + "\n")
    print(f"Written to {arguments.out}, for its owner only.")
    return 0


def forget(arguments: argparse.Namespace) -> int:
    """Forgets somebody, and says what stays for how long. Raises ConfigurationError person_unknown,
    person_ambiguous; EarmarkError people_unwritable, forget_unfinished."""
    client = connect(arguments)
    pseudonym = _meant(client, arguments.person)
    left: operator.Forgotten = client.ask(operator.Forget(pseudonym, arguments.at_once), operator.Forgotten)
    if not left.found:
        raise _unknown(arguments.person)
    print("Forgotten: key, voice, profile, PIN and badge are destroyed. Orders that are over name nobody.")
    if left.open_orders:
        print(f"{left.open_orders} orders are not over yet. Each names the pseudonym until it is.")
    if left.signed:
        until = f"until {_when(left.until_s)}" if left.until_s else "until the shop has answered"
        print(f"Of {left.signed} the bytes that were signed stay {until}, should the shop have lost them.")
        print(f"They go by themselves. To drop them now: earmark people forget {pseudonym} --at-once")
    if left.in_policy:
        print("policy.toml names somebody of that name, and is yours to change.")
    return 0


def _people(client: OperatorClient) -> list[operator.PersonRow]:
    shown: operator.PeopleShown = client.ask(operator.ShowPeople(), operator.PeopleShown)
    return shown.people


def _changed(client: OperatorClient, request: operator.PeopleRequest) -> operator.PersonRow:
    shown: operator.PeopleShown = client.ask(request, operator.PeopleShown)
    return shown.people[0]


def _meant(client: OperatorClient, who: str) -> str:
    """The pseudonym of `who`, which may be one already, also of somebody who is not listed any more."""
    if _PSEUDONYM.fullmatch(who):
        return who
    try:
        who.encode()
    except UnicodeEncodeError as error:
        raise IpcError(
            "operator_request", f"the device does not take that: {error}", "earmark people list"
        ) from error
    people = _people(client)
    called = [person.person for person in people if person.name.casefold() == who.casefold()]
    if len(called) > 1:
        raise ConfigurationError(
            "person_ambiguous",
            f"{len(called)} people are called {who}: {', '.join(called)}",
            "say the pseudonym in place of the name",
        )
    if not called:
        raise _unknown(who)
    return called[0]


def _unknown(who: str) -> ConfigurationError:
    return ConfigurationError("person_unknown", f"nobody is known as {who}", "earmark people list")


def _line(person: operator.PersonRow) -> str:
    if not person.voice:
        line = f"{person.person}  {person.name}  without a voice, since {_when(person.enrolled_at)}"
    elif person.admitted:
        line = f"{person.person}  {person.name}  agreed and enrolled {_when(person.enrolled_at)}"
    else:
        line = f"{person.person}  {person.name}  agreed {_when(person.enrolled_at)}, may order nothing yet"
    line += "".join(f", has a {'PIN' if kind == 'pin' else kind}" for kind in person.factors)
    line += f", is {person.role} in the rules" if person.role else ""
    line += ", orders may be used for suggestions" if person.remembers else ""
    if person.other_model:
        line += f"; not known any more: learned with {person.other_model}, so forget and enrol anew"
    return line


def _write(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(
            "export_unwritable", f"cannot write {path}: {error.strerror}", "name a file that is not there yet"
        ) from error


def _when(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")
