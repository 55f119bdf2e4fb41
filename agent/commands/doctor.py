"""`earmark doctor`: models, sound, keys, clock, brokers, touch devices, kernel, the running device, its
sensors and updates; what is wrong and what to do. Without usable settings: what the machine itself can
tell."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from agent.commands.catalogue_findings import catalogue, catalogue_in_use, policy_line
from agent.commands.certificate_findings import authority, certificate, renewing
from agent.commands.findings import Finding
from agent.commands.hearing_findings import hearing, voices
from agent.commands.key_findings import following
from agent.commands.operators import OperatorClient
from agent.commands.policy_findings import policy
from agent.commands.site_findings import sensors, site_broker
from agent.commands.update_findings import updates
from agent.committing.broker_authorities import kept_authorities
from agent.committing.client_identity import FOLDER, client_pairs
from agent.committing.key_stores import open_key_store
from agent.committing.keys import MQTT_CERTIFICATE, MQTT_KEY, read_private
from agent.committing.tls import client_context, probe_broker
from agent.committing.trust import load_trust
from agent.committing.trusted_time import kernel_synchronised
from agent.model_store.manifest import load_manifest
from agent.model_store.verify import verify_models
from agent.plumbing import operator
from agent.plumbing.errors import AudioError, EarmarkError, IpcError
from agent.plumbing.sandbox_report import sandbox_report
from agent.plumbing.settings import Settings
from agent.plumbing.settings_file import load_settings, parse_settings
from agent.plumbing.terminal import plain

_BROKER_STEPS = {
    "broker_not_listening": "start the broker, or set [broker] host and port",
    "broker_name_unknown": "set [broker] host, or mend name resolution",
    "broker_silent": "a firewall may be between; ask whoever runs the network",
    "tls_wrong_ca": "not the pinned broker; or the shop replaced its authority while this device was off: ask"
    " it, and for a code: earmark provision FOLDER --claim --shop HOST",
    "tls_wrong_host": "set [broker] host to the name in the broker's certificate",
    "tls_expired": "the broker's certificate has expired: tell the shop",
    "tls_not_yet_valid": "the broker's certificate is not valid yet: check both clocks",
    "tls_client_expired": "this device's certificate has expired: earmark provision --help",
    "tls_client_revoked": "the shop has revoked this device",
    "tls_client_refused": "the shop does not know this device: earmark provision --help",
    "tls_version": "the broker does not speak TLS 1.3: tell the shop",
}


def run(arguments: argparse.Namespace) -> int:
    """Prints every finding; 1 where one is bad."""
    findings: list[Finding] = []
    for finding in _findings(arguments.settings):
        findings.append(finding)
        if not arguments.json:
            _show(finding)
    if arguments.json:
        print(msgspec.json.encode(findings).decode())
    return 1 if any(finding.state == "bad" for finding in findings) else 0


def _findings(settings_file: Path) -> Iterator[Finding]:
    try:
        settings = load_settings(settings_file)
    except EarmarkError as error:
        yield Finding("settings", "bad", f"{error.detail} ({error.code})", error.next_step)
        defaults = parse_settings("", base=settings_file.resolve().parent)
        for examine in (_models, _sound, _clock, _kernel):
            yield from _guarded(examine, defaults)
        return
    for examine in (
        _models,
        _sound,
        catalogue,
        policy,
        hearing,
        voices,
        _keys,
        certificate,
        authority,
        _clock,
        _broker,
        site_broker,
        _touch,
        _kernel,
        _device,
        sensors,
        updates,
    ):
        yield from _guarded(examine, settings)


def _show(finding: Finding) -> None:
    print(plain(f"{finding.state:>5}  {finding.what}: {finding.detail}"))
    if finding.next_step:
        print(f"       next: {finding.next_step}")


def _guarded(examine: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    try:
        yield from examine(settings)
    except EarmarkError as error:
        what = examine.__name__.removeprefix("_")
        yield Finding(what, "bad", f"{error.detail} ({error.code})", error.next_step)


def _models(settings: Settings) -> Iterator[Finding]:
    problems = verify_models(load_manifest(), Path(settings.paths.models_dir))
    for problem in problems:
        yield Finding(
            "models", "bad", f"{problem.model_id}/{problem.file}: {problem.detail}", problem.next_step
        )
    if not problems:
        yield Finding("models", "ok", "every file has its hash")


def _sound(settings: Settings) -> Iterator[Finding]:
    from agent.hearing.sound_devices import Kind, find_device

    wanted: tuple[tuple[Kind, str], ...] = (
        ("input", settings.audio.input_device),
        ("output", settings.audio.output_device),
    )
    for kind, name in wanted:
        try:
            found = find_device(name, kind)
        except AudioError as error:
            yield Finding("sound", "bad", error.detail, error.next_step)
            if error.code == "audio_no_library":
                return
        else:
            yield Finding("sound", "ok", f"{kind}: {found.name}")
    if shutil.which("espeak-ng") is None:
        yield Finding("sound", "note", "no espeak-ng: chat --speak is silent", "apt install espeak-ng")


def _keys(settings: Settings) -> Iterator[Finding]:
    folder = Path(settings.paths.keys_dir)
    open_key_store(settings, by_hand=True)
    read_private(folder / MQTT_KEY)
    if not (folder / MQTT_CERTIFICATE).exists():
        yield Finding("keys", "bad", "no certificate of the shop yet", "earmark provision --help")
        return
    trust = load_trust(Path(settings.paths.trust_file))
    place = {
        "file": "a file",
        "pkcs11": f"the token {settings.keys.pkcs11_token!r}",
        "tpm": settings.keys.tpm,
    }
    yield Finding("keys", "ok", f"the signing key is in {place[settings.keys.store]}")
    yield Finding("keys", "ok", f"admitted by {trust.shop_name} ({trust.environment})")


def _clock(_: Settings) -> Iterator[Finding]:
    if kernel_synchronised():
        yield Finding("clock", "ok", "synchronised by the kernel")
    else:
        yield Finding(
            "clock", "note", "not synchronised: nothing is signed until the shop has given its time"
        )


def _broker(settings: Settings) -> Iterator[Finding]:
    trust = load_trust(Path(settings.paths.trust_file))
    [pair, *_] = client_pairs(Path(settings.paths.keys_dir), Path(settings.paths.state_dir))
    folder = Path(settings.paths.state_dir) / FOLDER
    context = client_context(kept_authorities(folder, trust.broker), pair.certificate, pair.key)
    for host, port in settings.broker.addresses:
        code = probe_broker(host, port, context)
        if code:
            detail = f"{host}:{port}: {code}; orders are queued where no broker answers"
            yield Finding("broker", "note", detail, _BROKER_STEPS.get(code, ""))
        else:
            yield Finding("broker", "ok", f"{host}:{port} answers with TLS 1.3 and accepts this device")


def _touch(settings: Settings) -> Iterator[Finding]:
    for path in settings.touch.devices:
        if Path(path).exists():
            yield Finding("touch", "ok", f"{path} is there")
        else:
            step = "plug it in, or name another in [touch]; ls /dev/input/by-id lists them"
            yield Finding("touch", "note", f"{path} is not there", step)


def _kernel(_: Settings) -> Iterator[Finding]:
    for found in sandbox_report():
        yield Finding("kernel", "ok" if found.holds else "note", found.text)


def _device(settings: Settings) -> Iterator[Finding]:
    try:
        client = OperatorClient(Path(settings.paths.state_dir))
    except IpcError as error:
        yield Finding("device", "note", error.detail, error.next_step)
        return
    health: operator.Health = client.ask(operator.AskHealth(), operator.Health)
    if not health.voice:
        yield Finding("device", "bad", "voice is not connected")
    elif health.ear_trouble:
        yield Finding("device", "bad", f"hears nothing: {health.ear_trouble}", "earmark audio test")
    else:
        yield Finding("device", "ok", "hears")
    if health.voice_faults:
        faults = ", ".join(f"{code} {count} times" for code, count in sorted(health.voice_faults.items()))
        yield Finding("device", "note", f"since it started: {faults}", "earmark audio test")
    if health.voices_of_another_model:
        detail = f"{health.voices_of_another_model} of the enrolled were learned with another speaker model"
        step = "for each that `earmark people` marks: earmark people forget PERSON, then earmark enrol NAME"
        yield Finding("device", "bad", f"{detail} and are not known any more (voice_model_changed)", step)
    if health.broker:
        yield Finding("device", "ok", "connected to the broker")
    else:
        yield Finding("device", "note", f"offline ({health.broker_reason}): orders are queued")
    yield from renewing(health)
    yield from following(health)
    if not health.clock_trusted:
        yield Finding("device", "note", "the time is not known yet: nothing is signed")
    yield Finding("device", "ok", f"{health.queued} orders wait for the shop")
    yield from catalogue_in_use(health.catalogue)
    if limits := policy_line(health):
        yield Finding("device", "ok", limits)
