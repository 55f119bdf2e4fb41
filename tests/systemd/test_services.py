"""The device under its units: the real processes, started as systemd would, meeting on systemd's sockets."""

from __future__ import annotations

import os
import pwd
import re
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from agent.hearing.audio import to_int16
from agent.hearing.fed_audio import encode_chunk
from agent.plumbing import operator
from agent.plumbing.arrivals import CONNECTIONS_AHEAD
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import TillToVoice, VoiceReady
from agent.plumbing.speaker_models import GE2E
from tests.hearing.conftest import room, spoken
from tests.plumbing.stand_ins import comes_true
from tests.systemd.device import CONFINED, PATIENCE_S, Device, provisioned_device
from tests.systemd.units import ROOT
from tests.systemd.users import SEPARATE_USERS, USERS

_FRAME_OF_SILENCE = struct.pack("<I", 3200) + bytes(3200)


@pytest.fixture
def device() -> Iterator[Device]:
    with provisioned_device() as made:
        yield made


def meets_uplink(device: Device) -> bool:
    return device.health().broker_reason != "uplink_not_connected"


def test_the_services_meet_whichever_starts_first(device: Device) -> None:
    device.start_ready("uplink", "voice")
    device.start_ready("till")
    assert comes_true(lambda: device.health().voice)
    assert comes_true(lambda: meets_uplink(device))


def test_voice_and_uplink_outlive_the_till_and_find_the_next_one(device: Device) -> None:
    device.start_ready("till", "voice", "uplink")
    for _ in range(2):
        assert comes_true(lambda: device.health().voice)
        device.services["till"].process.kill()
        device.services["till"].process.wait()
        device.start_ready("till")
    assert comes_true(lambda: device.health().voice and meets_uplink(device))
    assert device.services["voice"].process.poll() is None
    assert device.services["uplink"].process.poll() is None


def test_what_is_said_is_heard_understood_and_answered_under_the_units(device: Device) -> None:
    device.start_ready("till", "voice")
    assert comes_true(lambda: device.health().voice)
    said = np.concatenate(
        [room(0.5), spoken("slt", "okay nabu, order two bags of dark roast coffee"), room(2.0)]
    )
    pcm = to_int16(said)
    device.room.sendall(encode_chunk(pcm))
    device.room.settimeout(PATIENCE_S)
    answered = 0
    while answered < 16_000:  # a second of speech; nobody is enrolled, so the device explains that
        answered += len(device.room.recv(4096)) // 2
    assert ask_orders(device) == ["refused_nobody_enrolled"]


def ask_orders(device: Device) -> list[str]:
    """The codes of the journal's decisions."""
    with IpcConnection(device.connect("operator"), peer="till") as connection:
        connection.send(operator.ShowOrders())
        shown, _ = connection.receive(operator.OrdersShown)
    return [row.code for row in shown.decisions]


def test_the_till_takes_the_next_voice(device: Device) -> None:
    device.start_ready("till", "voice")
    assert comes_true(lambda: device.health().voice)
    device.services["voice"].process.kill()
    assert comes_true(lambda: not device.health().voice)
    device.start_ready("voice")
    assert comes_true(lambda: device.health().voice)


def test_a_process_without_further_connections_ends_to_be_started_afresh(device: Device) -> None:
    uplink = device.start("uplink")
    assert uplink.told() == "READY=1"
    listener = device._listeners["uplink"]
    with socket.socket(fileno=os.dup(listener)) as accepting:
        for _ in range(CONNECTIONS_AHEAD):
            accepting.accept()[0].close()
    assert uplink.process.wait() == 0
    assert "till_connections_used_up" in uplink.log()


@pytest.mark.skipif(not SEPARATE_USERS, reason="needs root, and a checkout that other users may read")
@pytest.mark.parametrize("socket_name", ["voice", "uplink"])
def test_somebody_else_on_a_neighbours_socket_is_refused(device: Device, socket_name: str) -> None:
    device.start_ready("till")
    intruder = IpcConnection(device.connect(socket_name), peer="till")  # as root, whom the file lets in
    with intruder, pytest.raises(EOFError):
        intruder.send(VoiceReady(GE2E))
        intruder.receive(TillToVoice)
    assert f"peer_refused peer={socket_name} uid=0" in device.services["till"].log()
    assert not device.health().voice


@pytest.mark.parametrize("name", ["till", "voice", "uplink", "sensors", "touch"])
def test_sigterm_ends_a_service_in_order(device: Device, name: str) -> None:
    device.start_ready(name)
    device.services[name].process.send_signal(signal.SIGTERM)
    assert device.services[name].process.wait() == 0, device.services[name].log()


def test_the_till_signs_with_its_credential_and_cannot_read_the_stored_key(device: Device) -> None:
    device.start_ready("till", "uplink")
    assert {path.name for path in (device.folder / "credentials").rglob("*") if path.is_file()} == {
        "signing.pem",
        "mqtt.key",
        "mqtt.crt",
    }
    credential = device.folder / "credentials" / "earmark-till.service" / "signing.pem"
    credential.unlink()
    device.services["till"].process.kill()
    device._credentials = lambda *_: {"CREDENTIALS_DIRECTORY": str(credential.parent)}  # type: ignore[method-assign]
    till = device.start("till")
    assert till.process.wait() == 1
    assert f'key_missing detail="cannot open {credential}' in till.log()


@pytest.mark.skipif(not SEPARATE_USERS, reason="needs root, and a checkout that other users may read")
def test_a_credential_that_root_opened_by_an_access_list_is_accepted_and_nothing_wider(
    device: Device,
) -> None:
    # What stat shows is the same for an access list and for membership in the group root.
    path = device.folder / "credentials" / "signing.pem"
    path.write_bytes(b"key")
    read = "from pathlib import Path; from agent.committing.keys import read_private; "
    read += f"read_private(Path({str(path)!r}))"
    codes = []
    for mode in (0o440, 0o444, 0o460):
        path.chmod(mode)
        done = subprocess.run(
            [device.python, "-c", read], user="daemon", group="root", cwd=ROOT, capture_output=True, text=True
        )
        codes.append(done.stderr.strip().splitlines()[-1:] if done.returncode else "read")
    assert codes[0] == "read"
    assert all("key_readable_by_others" in str(code) for code in codes[1:])


def test_voice_has_a_heartbeat_only_while_frames_come(device: Device) -> None:
    device.start_ready("voice", watchdog_s=0.4)
    voice = device.services["voice"]
    device.room.sendall(_FRAME_OF_SILENCE)
    assert voice.told() == "WATCHDOG=1"
    assert comes_true(lambda: voice.silent_for(2.0))  # once it has worked off what came
    device.room.sendall(_FRAME_OF_SILENCE)
    assert voice.told() == "WATCHDOG=1"


@pytest.mark.parametrize("name", ["till", "uplink"])
def test_till_and_uplink_have_a_heartbeat_of_their_own(device: Device, name: str) -> None:
    device.start_ready(name, watchdog_s=2.0)
    service = device.services[name]
    assert [service.told(), service.told()] == ["WATCHDOG=1", "WATCHDOG=1"]
    os.kill(service.process.pid, signal.SIGSTOP)  # it hangs
    assert service.silent_for(3.0)


@pytest.mark.skipif(not CONFINED, reason="needs root that may make mounts and networks, and systemd-analyze")
def test_what_the_unit_forbids_holds_in_these_tests(device: Device) -> None:
    device.start_ready("till", "voice", "uplink")
    for name, unshared in (("till", True), ("voice", True), ("uplink", False)):
        process = Path(f"/proc/{device.services[name].process.pid}")
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
        assert int(status["Seccomp_filters"]) == 3  # the unit's, the launcher's, and the tight one
        assert status["Uid"].split()[0] == str(pwd.getpwnam(USERS[f"earmark-{name}"]).pw_uid)
        own_network = (process / "ns/net").readlink() != Path("/proc/self/ns/net").readlink()
        assert own_network == unshared
        mounts = (process / "mountinfo").read_text()
        assert "subset=pid" in mounts
        assert re.search(r"^Max core file size +0 +0 ", (process / "limits").read_text(), re.MULTILINE)


def test_voice_without_the_tills_socket_says_so(device: Device) -> None:
    (device.folder / "run" / "voice.sock").unlink()
    voice = device.start("voice")
    assert voice.process.wait() == 1
    assert "till_unreachable" in voice.log()
