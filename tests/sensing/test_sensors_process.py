"""The real process at a real mosquitto: good and bad messages, floods, lost neighbours."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from agent.plumbing.site_messages import Proposal
from scripts.story.kitchen import TOPIC, Kitchen, reading
from tests.sensing.site import PATIENCE_S, SensorsProcess, sensors_at, wait_for

FULL_KG, LOW_KG = 2.9, 0.6
BAD = (
    b"",
    b"not JSON",
    b"\xff\x00",
    b'{"value": NaN}',
    b'{"value": 1e400}',
    b'{"value": -1}',
    b'{"value": "0.1"}',
    reading(0.1, "l"),
    reading(0.1, at=datetime(1970, 1, 1, tzinfo=UTC)),
    reading(0.1, at=datetime.now(UTC) + timedelta(days=1)),
    b"x" * 5_000,
)
NEVER_SENT = b'{"value": 0.1, "pad": "' + b"x" * 1_000_000 + b'"}'
"""The bus sends no packet that is larger than was asked for."""


def refused(sensors: SensorsProcess) -> int:
    """How many messages were none, as it tells a new till."""
    sensors.connect_till()
    return sum(sensors.state_when(lambda state: True).refused.values())


@pytest.fixture
def kitchen(tmp_path: Path) -> Iterator[Kitchen]:
    kitchen = Kitchen(tmp_path / "kitchen")
    yield kitchen
    kitchen.close()


@pytest.fixture
def sensors(kitchen: Kitchen, tmp_path: Path) -> Iterator[SensorsProcess]:
    with sensors_at(kitchen, tmp_path) as sensors:
        yield sensors


def heard(sensors: SensorsProcess, kitchen: Kitchen, kilograms: float) -> Proposal:
    """What it says to a reading that the bus keeps until the process has subscribed."""
    kitchen.weigh(kilograms)
    return sensors.next_proposal()


def test_it_proposes_when_low_and_says_when_it_was_refilled(
    sensors: SensorsProcess, kitchen: Kitchen
) -> None:
    assert heard(sensors, kitchen, LOW_KG) == Proposal("beans", 0.6 / 3, wanted=True)
    kitchen.publish(reading(1_500, "g"), reading(FULL_KG))
    assert sensors.next_proposal() == Proposal("beans", 2.9 / 3, wanted=False)
    kitchen.publish(reading(0.3))
    assert sensors.next_proposal() == Proposal("beans", 0.3 / 3, wanted=True)


def test_no_bad_message_is_taken_for_a_reading_or_stops_it(
    kitchen: Kitchen, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = ""

    def logged(code: str) -> bool:
        nonlocal log
        log += capfd.readouterr().err
        return f"reading_{code} sensor=beans" in log

    with sensors_at(kitchen, tmp_path) as sensors:
        assert not heard(sensors, kitchen, FULL_KG).wanted
        for number, payload in enumerate(BAD, 1):  # one by one: what comes too fast is dropped unread
            kitchen.publish(payload)
            wait_for(lambda number=number: refused(sensors) == number, "it read")  # type: ignore[misc]
            threading.Event().wait(0.25)
        assert not sensors.next_proposal().wanted, "what holds, for the last till"
        kitchen.publish(NEVER_SENT)
        for code in ("not_json", "wrong_shape", "negative", "wrong_unit", "old", "future", "too_long"):
            wait_for(lambda code=code: logged(code), code)  # type: ignore[misc]
        kitchen.weigh(LOW_KG)
        assert sensors.next_proposal() == Proposal("beans", 0.6 / 3, wanted=True), "the next that it said"


@contextlib.contextmanager
def weighing(kitchen: Kitchen, kilograms: float) -> Iterator[None]:
    """Publishes it for every second of the rate limit, as a scale does: the bus drops what a slow reader
    leaves."""
    enough = threading.Event()

    def weigh() -> None:
        while not enough.wait(1.1):
            kitchen.weigh(kilograms)

    scale = threading.Thread(target=weigh)
    scale.start()
    try:
        yield
    finally:
        enough.set()
        scale.join()


def test_a_flood_costs_no_memory_and_the_process_goes_on(sensors: SensorsProcess, kitchen: Kitchen) -> None:
    assert not heard(sensors, kitchen, FULL_KG).wanted
    before = sensors.resident_kib()
    for _ in range(3):
        kitchen.publish(*([reading(2.5)] * 10_000))
    with weighing(kitchen, LOW_KG):
        assert sensors.next_proposal().wanted
    assert sensors.resident_kib() - before < 4_096


def test_a_new_till_is_told_what_holds(sensors: SensorsProcess, kitchen: Kitchen) -> None:
    assert heard(sensors, kitchen, LOW_KG).wanted
    sensors.till.close()
    kitchen.publish(reading(0.3))  # nobody to tell
    sensors.connect_till()
    assert sensors.next_proposal().wanted
    sensors.connect_till()
    assert sensors.next_proposal().wanted


def test_it_comes_back_to_a_bus_that_was_away(sensors: SensorsProcess, kitchen: Kitchen) -> None:
    assert not heard(sensors, kitchen, FULL_KG).wanted
    kitchen.close()
    kitchen.start()
    assert heard(sensors, kitchen, LOW_KG).wanted


def test_the_till_hears_of_readings_of_what_is_none_and_of_a_bus_that_is_away(
    sensors: SensorsProcess, kitchen: Kitchen
) -> None:
    before = sensors.state_when(lambda state: state.bus_fault == "")
    assert (before.sensor, before.age_s, before.level) == ("beans", None, None)
    kitchen.publish(b"not JSON", b"not JSON")
    assert not heard(sensors, kitchen, FULL_KG).wanted
    sensors.connect_till()
    now = sensors.state_when(lambda state: state.refused == {"reading_not_json": 2})
    assert now.age_s is not None and now.age_s < 60
    assert now.level == pytest.approx(2.9 / 3)
    kitchen.close()
    sensors.state_when(lambda state: state.bus_fault in ("link_lost", "broker_not_listening"))
    kitchen.start()
    sensors.state_when(lambda state: state.bus_fault == "")


def test_it_never_publishes(sensors: SensorsProcess, kitchen: Kitchen) -> None:
    topics: set[str] = set()
    watcher = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    watcher.on_message = lambda _client, _data, message: topics.add(message.topic)
    watcher.connect("127.0.0.1", kitchen.port)
    watcher.subscribe("#")
    watcher.loop_start()
    assert heard(sensors, kitchen, LOW_KG).wanted
    kitchen.publish(b"over", topic="the end")
    wait_for(lambda: "the end" in topics, "the watcher")
    watcher.loop_stop()
    assert topics == {TOPIC, "the end"}


def test_a_bus_that_sends_endless_packets_is_hung_up_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = SensorsProcess(tmp_path, server.getsockname()[1])
        try:
            server.settimeout(PATIENCE_S)
            for _ in range(2):  # and it tries again
                sock, _address = server.accept()
                with sock:
                    sock.settimeout(PATIENCE_S)
                    sock.recv(1_024)
                    sock.sendall(b"\x20\x03\x00\x00\x00")  # CONNACK
                    sock.recv(1_024)
                    before = process.resident_kib()
                    with pytest.raises((BrokenPipeError, ConnectionResetError)):
                        sock.sendall(b"\x30\xff\xff\xff\x7f" + b"\x00" * 200_000_000)  # PUBLISH, 256 MB
                    assert process.resident_kib() - before < 4_096
        finally:
            process.close()


def test_tls_checks_who_the_bus_is(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def certificate(name: str) -> Path:
        key, crt = tmp_path / f"{name}.key", tmp_path / f"{name}.crt"
        subject = ["-subj", "/CN=site", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        subprocess.run(
            [*command, "-nodes", "-keyout", str(key), "-out", str(crt), *subject],
            check=True,
            capture_output=True,
        )
        return crt

    bus, other = certificate("bus"), certificate("other")
    listener = f"allow_anonymous true\ncertfile {bus}\nkeyfile {bus.with_suffix('.key')}\n"
    kitchen = Kitchen(tmp_path / "kitchen", listener=listener)
    try:
        log = ""

        def refused() -> bool:
            nonlocal log
            log += capfd.readouterr().err
            return "site_broker_lost" in log and "tls_" in log

        with sensors_at(kitchen, tmp_path, more_settings=f'tls = true\nca_file = "{other}"\n'):
            wait_for(refused, "a refusal of the unknown authority")
        with sensors_at(kitchen, tmp_path, more_settings=f'tls = true\nca_file = "{bus}"\n'):
            wait_for(lambda: "site_broker_connected" in capfd.readouterr().err, "a connection")
    finally:
        kitchen.close()
