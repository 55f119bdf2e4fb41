"""`earmark provision`: the device makes its keys; only requests for certificates leave it."""

from __future__ import annotations

import argparse
from pathlib import Path

from agent.commands.claiming import Place, ask_code, enrol, first_word
from agent.commands.key_arguments import ask_pin, keys_from, keys_toml
from agent.committing.key_stores import signing_key_maker
from agent.committing.keys import create_device_keys, store_client_certificate
from agent.committing.trust import parse_trust
from agent.deciding.catalogue import parse_catalogue
from agent.plumbing.errors import ConfigurationError, EarmarkError
from agent.plumbing.key_settings import Keys
from agent.plumbing.settings import Settings
from agent.plumbing.settings_file import load_settings
from agent.plumbing.terminal import plain

SETTINGS = """\
# Every key, its unit and default: docs/settings.md
schema_version = 1

[device]
id = "{device_id}"
environment = "{environment}"

[broker]
host = "{host}"
port = {port}
"""


def run(arguments: argparse.Namespace) -> int:
    """First run: settings, keys and request.pem. With what the shop returned: certificate, trust,
    catalogue. Raises ConfigurationError: provision_exists, provision_file, provision_key_store,
    provision_pin, claim_shop; TrustError as the key store and `claiming` do."""
    folder: Path = arguments.folder
    if arguments.claim is not None:
        return _claim(folder, arguments)
    returned = (arguments.certificate, arguments.trust, arguments.catalogue)
    if not any(returned):
        _begin(folder, arguments.device_id, arguments.environment, keys_from(arguments))
        print(f"{folder / 'request.pem'}: send this to the shop")
        print(f"then: earmark provision {folder} --certificate FILE --trust FILE --catalogue FILE")
        return 0
    certificate, trust, catalogue = (_read(path) if path else None for path in returned)
    names = [str(path) for path in returned]
    return _finish(folder, certificate, trust, catalogue, names[1:])


def _claim(folder: Path, arguments: argparse.Namespace) -> int:
    """By a code of the shop, in one go. The same command goes on where one before it was cut off."""
    place = Place.parse(arguments.shop)
    code = ask_code(arguments.claim)
    anchor = first_word(place, code)
    print(
        f"{plain(anchor.shop_name)} ({anchor.environment}) knows the code: this device is {anchor.device_id}"
    )
    request = folder / "request.pem"
    if (folder / "earmark.toml").exists():
        device = load_settings(folder / "earmark.toml").device
        if (device.id, device.environment) != (anchor.device_id, anchor.environment) or not request.exists():
            raise ConfigurationError(
                "provision_exists", f"{folder} is a device already ({device.id})", "choose another folder"
            )
    else:
        _begin(folder, anchor.device_id, anchor.environment, keys_from(arguments))
    answer = enrol(place, code, anchor, request.read_bytes())
    parts = (answer.certificate.encode(), answer.trust.encode(), answer.catalogue.encode())
    return _finish(folder, *parts, ["the shop's trust.json", "the shop's catalogue"])


def _begin(folder: Path, device_id: str, environment: str, keys: Keys) -> None:
    settings_file = folder / "earmark.toml"
    if settings_file.exists():
        raise ConfigurationError(
            "provision_exists",
            f"{settings_file} is there already",
            "choose another folder, or give --certificate",
        )
    folder.mkdir(parents=True, exist_ok=True)
    text = SETTINGS.format(device_id=device_id, environment=environment, host="localhost", port=8883)
    settings_file.write_text(text + keys_toml(keys), encoding="utf-8")
    settings = load_settings(settings_file)
    keys_dir = Path(settings.paths.keys_dir)
    try:
        request = create_device_keys(keys_dir, device_id, signing_key_maker(settings, ask_pin))
    except EarmarkError:
        settings_file.unlink()  # so that the same command may be given again
        raise
    (folder / "request.pem").write_bytes(request)
    print(f"{settings_file}: settings")
    print(f"the private keys stay in {_places(settings)}")


def _places(settings: Settings) -> str:
    kept = {"pkcs11": f"the token {settings.keys.pkcs11_token!r} and ", "tpm": "the TPM and "}
    return kept.get(settings.keys.store, "") + settings.paths.keys_dir


def _finish(
    folder: Path, certificate: bytes | None, trust: bytes | None, catalogue: bytes | None, names: list[str]
) -> int:
    """Takes in what the shop returned; `names` are those of trust and catalogue, for what is wrong with
    them."""
    settings_file = folder / "earmark.toml"
    settings = load_settings(settings_file)
    if trust:
        bundle = parse_trust(trust, name=names[0])
        Path(settings.paths.trust_file).write_bytes(trust)
        if settings_file.read_text(encoding="utf-8") == _text(settings, "localhost", 8883):
            settings_file.write_text(
                _text(settings, bundle.broker.host, bundle.broker.port), encoding="utf-8"
            )
        print(f"trusts {bundle.shop_name} ({bundle.environment}) and its broker at {bundle.broker.host}")
    if certificate:
        store_client_certificate(Path(settings.paths.keys_dir), certificate)
        print("certificate: in place")
    if catalogue:
        products = len(parse_catalogue(catalogue, name=names[1]).products)
        Path(settings.paths.catalogue_file).write_bytes(catalogue)
        print(f"catalogue: {products} products")
    print(f"next: earmark -s {settings_file} doctor")
    return 0


def _text(settings: Settings, host: str, port: int) -> str:
    """The settings file as this command writes it."""
    device = {"device_id": settings.device.id, "environment": settings.device.environment}
    return SETTINGS.format(**device, host=host, port=port) + keys_toml(settings.keys)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            "provision_file", f"cannot read {path}: {error.strerror}", "earmark provision --help"
        ) from error
