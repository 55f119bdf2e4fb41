"""`earmark provision --key-store …`, where the new device's signing key is to be made; `earmark keys …`."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from typing import TYPE_CHECKING, get_args, get_type_hints

import msgspec

from agent.commands.command_line import add_command
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.key_settings import Keys

if TYPE_CHECKING:
    _Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DEFAULT = Keys()


def add_keys(commands: _Subparsers) -> None:
    """`earmark keys` and its actions."""
    keys = commands.add_parser("keys", help="the key that signs orders").add_subparsers(
        metavar="ACTION", required=True
    )
    add_command(keys, "show", "keys", "show", "which key signs, and which one is to follow it")
    add_command(
        keys, "take-up", "keys", "take_up", "let it take over once the shop has said yes; 1 where it has not"
    )
    renew = add_command(
        keys,
        "renew",
        "keys",
        "renew",
        "make the key that is to follow, and let it take over once the shop has said yes",
    )
    renew.add_argument(
        "--anew",
        action="store_true",
        help="another one, in place of a key that is lost or damaged before it took over",
    )


def add_key_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `[keys]`."""
    stores = get_args(get_type_hints(Keys)["store"])
    parser.add_argument(
        "--key-store",
        choices=stores,
        default=_DEFAULT.store,
        help="what keeps the signing key (default: file)",
    )
    parser.add_argument("--pkcs11-module", default="", metavar="FILE", help="the token's library")
    parser.add_argument("--pkcs11-token", default="", metavar="LABEL", help="the token; its PIN is asked for")
    parser.add_argument(
        "--pkcs11-key", default=_DEFAULT.pkcs11_key, metavar="LABEL", help=f"default: {_DEFAULT.pkcs11_key}"
    )
    parser.add_argument(
        "--pkcs11-path", action="append", default=[], metavar="PATH", help="what the library writes to"
    )
    parser.add_argument("--tpm", default=_DEFAULT.tpm, metavar="PATH", help=f"default: {_DEFAULT.tpm}")


def keys_from(arguments: argparse.Namespace) -> Keys:
    """Raises ConfigurationError provision_key_store for options that make no key store."""
    given = {
        "store": arguments.key_store,
        "pkcs11_module": arguments.pkcs11_module,
        "pkcs11_token": arguments.pkcs11_token,
        "pkcs11_key": arguments.pkcs11_key,
        "pkcs11_paths": arguments.pkcs11_path,
        "tpm": arguments.tpm,
    }
    try:
        return msgspec.convert(given, Keys)
    except msgspec.ValidationError as error:
        raise ConfigurationError(
            "provision_key_store", str(error).replace("_", "-"), "earmark provision --help"
        ) from error


def keys_toml(keys: Keys) -> str:
    """The section of the settings file, '' for all defaults: an earlier release does not know it."""
    chosen = {
        name: value
        for name in keys.__struct_fields__
        if (value := getattr(keys, name)) != getattr(_DEFAULT, name)
    }
    if not chosen:
        return ""
    # JSON's strings and lists of strings are TOML's as well.
    return "\n[keys]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in chosen.items())


def ask_pin() -> str:
    """From the terminal unseen, or the first line of what is piped in. Raises ConfigurationError
    provision_pin."""
    try:
        pin = getpass.getpass("the token's PIN: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    except EOFError:
        pin = ""
    if not pin:
        raise ConfigurationError("provision_pin", "no PIN was given", "type it, or pipe it in as one line")
    return pin
