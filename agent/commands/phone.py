"""`earmark phone`: plays a phone with a key file of its own, pairs it with the running device, and plays the
device that checks its answer."""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from joserfc.jwk import ECKey

from agent.commands.operators import OperatorClient
from agent.commands.priced import basket_of, catalogue_of
from agent.committing import jws
from agent.committing.approvals import Pairing, sign_approval, verify_approval
from agent.deciding.phone import (
    CODE_KEY_BYTES,
    DIGITS,
    Asked,
    approval,
    approval_fault,
    asked,
    code,
    minute_of_code,
)
from agent.plumbing import durable, operator
from agent.plumbing.currencies import on_a_bill
from agent.plumbing.errors import ConfigurationError, TrustError
from agent.plumbing.messages import Message
from agent.plumbing.settings_file import load_settings
from agent.plumbing.terminal import plain

PHONE, PAIRING = "phone.json", "pairing.json"
"""Both are secret: the one is the phone, the other lets a device check its codes, and so make them."""

T = TypeVar("T", bound=msgspec.Struct)


class _Phone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    person: str
    private_key: str
    code_key: bytes


class _Passed(msgspec.Struct, frozen=True):
    """As `earmark-backend approvals --json` has it."""

    asked: Asked


def pair(arguments: argparse.Namespace) -> int:
    """Makes a phone and what a device has to know of it. Raises ConfigurationError phone_exists,
    phone_unwritable."""
    folder: Path = arguments.out
    if (folder / PHONE).exists():
        raise ConfigurationError("phone_exists", f"{folder / PHONE} is there already", "name another folder")
    key, code_key = ECKey.generate_key("P-256"), os.urandom(CODE_KEY_BYTES)
    phone = _Phone(arguments.person, key.as_pem(private=True).decode(), code_key)
    pairing = Pairing(arguments.person, jws.public_jwk(key), code_key)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.write(folder / PAIRING, msgspec.json.encode(pairing), mode=0o600)
        durable.write(folder / PHONE, msgspec.json.encode(phone), mode=0o600)
    except OSError as error:
        raise ConfigurationError(
            "phone_unwritable", f"cannot write in {folder}: {error.strerror}", "name another folder"
        ) from error
    print(f"wrote {folder / PHONE} (the phone) and {folder / PAIRING} (for a device); both are secret")
    return 0


def add(arguments: argparse.Namespace) -> int:
    """Lets that phone approve on the running device. Raises ConfigurationError phone_unusable, and what the
    device answers."""
    pairing = msgspec.json.encode(_read(arguments.pairing, Pairing))
    answer: operator.PhonePaired = _ask_device(arguments, operator.PairPhone(pairing), operator.PhonePaired)
    print(plain(f"from now on that phone approves orders of {answer.name}"))
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """0 where there was a phone."""
    answer: operator.Forgotten = _ask_device(
        arguments, operator.RemovePhone(arguments.person), operator.Forgotten
    )
    print("removed" if answer.found else "no phone was paired")
    return 0 if answer.found else 1


def approve(arguments: argparse.Namespace) -> int:
    """Prints the phone's signed answer. Raises ConfigurationError phone_unusable, CatalogueError."""
    phone = _read(arguments.phone / PHONE, _Phone)
    of = _asked(arguments, phone.person)
    answer = approval(of, "refuse" if arguments.refuse else "approve", jti=str(uuid.uuid4()), now_s=_now_s())
    print(sign_approval(answer, jws.import_private_key(phone.private_key.encode())))
    return 0


def show_code(arguments: argparse.Namespace) -> int:
    """Prints the digits that the phone shows without a network. Raises ConfigurationError phone_unusable,
    CatalogueError."""
    phone = _read(arguments.phone / PHONE, _Phone)
    print(code(phone.code_key, _asked(arguments, phone.person), now_s=_now_s()))
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Says what a device would make of an answer; 0 where it approves this basket. Raises
    ConfigurationError phone_unusable, CatalogueError, TrustError as `verify_approval`."""
    pairing = _read(arguments.pairing, Pairing)
    of, given = _asked(arguments, pairing.person), arguments.answer
    if len(given) == DIGITS and given.isascii() and given.isdecimal():
        fits = minute_of_code(given, pairing.code_key, of, now_s=_now_s(), last_minute=0) is not None
        print("approved" if fits else "no code of this basket in these minutes")
        return 0 if fits else 1
    answer = verify_approval(given, pairing)
    if fault := approval_fault(answer, of, now_s=_now_s(), taken=()):
        raise TrustError(fault, "it is signed by that phone, and is no answer to this", "approve it anew")
    print("approved" if answer.answer == "approve" else "refused")
    return 0 if answer.answer == "approve" else 1


def _asked(arguments: argparse.Namespace, person: str) -> Asked:
    if getattr(arguments, "asked", None) is not None:
        return _shown(_passed_on(arguments.asked, person))
    if arguments.item is None:
        shown: operator.AskedShown = _ask_device(arguments, operator.ShowAsked(person), operator.AskedShown)
        if not shown.asked:
            raise ConfigurationError(
                "phone_not_asked", "the device asks that phone nothing now", "order something, or name --item"
            )
        return _shown(msgspec.json.decode(shown.asked, type=Asked))
    settings = load_settings(arguments.settings)
    catalogue, _ = catalogue_of(Path(settings.paths.catalogue_file))
    basket = basket_of(catalogue, arguments.item, arguments.quantity, settings.device.language)
    return asked(settings.device.id, person, basket)


def _passed_on(file: Path, person: str) -> Asked:
    """The newest that the shop has passed on for that person's phone."""
    try:
        text = sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
        of = next((one.asked for one in msgspec.json.decode(text, type=list[_Passed])), None)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "phone_unusable", f"cannot use {file}: {error}", "earmark-backend approvals SHOP --json"
        ) from error
    if of is None or of.person != person:
        raise ConfigurationError(
            "phone_not_asked",
            f"the shop passes nothing on to the phone of {person} now",
            f"earmark-backend approvals SHOP --person {person} --json",
        )
    return of


def _shown(of: Asked) -> Asked:
    """On the phone's screen, which is this terminal: it is signed after it was seen."""
    lines = ", ".join(f"{quantity} × {sku}" for sku, quantity, _ in of.lines)
    print(plain(f"{of.device} asks: {lines}, {on_a_bill(of.total_minor, of.currency)}"), file=sys.stderr)
    return of


def _ask_device(arguments: argparse.Namespace, request: Message, types: type[Message]) -> Any:
    client = OperatorClient(Path(load_settings(arguments.settings).paths.state_dir))
    try:
        return client.ask(request, types)
    finally:
        client.close()


def _read(path: Path, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=type_)
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigurationError(
            "phone_unusable", f"cannot use {path}: {error}", "earmark phone pair --help"
        ) from error


def _now_s() -> int:
    return int(time.time())
