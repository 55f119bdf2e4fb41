"""`earmark doctor`: it says what is wrong with the parts around the device, and never stops at the first."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.cli import main
from agent.commands.sensors_shown import heard_how, what_mends
from agent.plumbing import mqtt_client
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import VoiceReady
from agent.plumbing.operator import SensorRow
from agent.plumbing.site_messages import SensorState
from agent.plumbing.supervisor import operator_socket
from agent.sensing import site_bus
from order_backend.certificates import authority, certificate_pem, new_key, private_pem, server_certificate
from scripts.story.kitchen import Kitchen, sensor_settings
from tests.sensing.site import PATIENCE_S, sensors_at, wait_for
from tests.till.till_process import running_till


def findings(settings: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, str]]]:
    """What it found, by its subject."""
    assert main(["-s", str(settings), "doctor", "--json"]) == 1, "nothing is provisioned here"
    found: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(capsys.readouterr().out):
        found.setdefault(finding["what"], []).append(finding)
    return found


@pytest.mark.parametrize(
    ("text", "code"),
    [(None, "config_missing"), ("[nonsense]\n", "config_invalid"), ("= = =", "config_syntax")],
)
def test_without_usable_settings_it_still_tells_what_the_machine_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, code: str
) -> None:
    settings = tmp_path / "earmark.toml"
    if text is not None:
        settings.write_text(text)
    found = findings(settings, capsys)
    [said] = found["settings"]
    assert said["state"] == "bad"
    assert code in said["detail"]
    assert said["next_step"]
    assert {"models", "clock", "kernel"} <= found.keys()
    assert "broker" not in found


def test_a_site_broker_that_is_away_and_a_keypad_that_is_unplugged_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keypad, badge_reader = tmp_path / "keypad", tmp_path / "badge-reader"
    keypad.touch()
    touch = f'\n[touch]\nkeypad_device = "{keypad}"\nbadge_device = "{badge_reader}"\n'
    with kitchen_with(tmp_path, "allow_anonymous true\n") as kitchen:
        settings = site_settings(kitchen, tmp_path)
        settings.write_text(settings.read_text() + touch)
        assert [finding["state"] for finding in findings(settings, capsys)["site_broker"]] == ["ok"]
    found = findings(settings, capsys)
    [site] = found["site_broker"]
    assert site["state"] == "note"
    assert "broker_not_listening" in site["detail"]
    assert site["next_step"]
    assert [(finding["state"], finding["detail"]) for finding in found["touch"]] == [
        ("ok", f"{keypad} is there"),
        ("note", f"{badge_reader} is not there"),
    ]


def test_it_tells_which_speaker_model_is_configured_and_whether_it_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "earmark.toml"
    settings.write_text("")
    [ours] = findings(settings, capsys)["voices"]
    assert ours["state"] == "ok"
    assert ours["detail"] == "speaker-ge2e tells voices apart, at the thresholds as measured"
    settings.write_text("[speaker]\naccept_cosine = 0.9\n")
    assert "thresholds of the settings" in findings(settings, capsys)["voices"][0]["detail"]
    thresholds = "accept_cosine = 0.5\naccept_consent_cosine = 0.4\nrunner_up_margin_cosine = 0.02\n"
    chosen = f'[speaker]\nmodel = "speaker-ecapa"\n{thresholds}'
    settings.write_text(chosen)
    [refused] = findings(settings, capsys)["settings"]
    assert "no thresholds were measured for speaker-ecapa: give same_speaker_cosine" in refused["detail"]
    settings.write_text(f'{chosen}same_speaker_cosine = 0.3\n[paths]\nmodels_dir = "{tmp_path}"\n')
    [missing] = findings(settings, capsys)["voices"]
    assert missing["state"] == "bad"
    assert "speaker-ecapa" in missing["detail"] and "model_missing" in missing["detail"]
    assert "scripts/export_speaker_model.py" in missing["next_step"]


def test_voices_of_another_model_are_named_by_doctor_and_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_till(tmp_path) as till:
        operator_socket(tmp_path / "state").symlink_to(tmp_path / "operator.sock")
        settings = tmp_path / "earmark.toml"
        till.voice.send(VoiceReady("speaker-ecapa:0575cb64845e"))
        wait_for(lambda: till.health().voices_of_another_model == 1, "the other model")
        [told] = [found for found in findings(settings, capsys)["device"] if found["state"] == "bad"]
        assert "1 of the enrolled" in told["detail"] and "voice_model_changed" in told["detail"]
        assert "earmark people forget" in told["next_step"]
        assert main(["-s", str(settings), "people"]) == 0
        assert "learned with speaker-ge2e, so forget and enrol anew" in capsys.readouterr().out


def test_it_names_the_key_that_is_wrong_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "earmark.toml"
    settings.write_text("[wake]\nthreshhold = 0.5\n")
    assert main(["-s", str(settings), "doctor"]) == 1
    told = capsys.readouterr().out
    assert "threshhold" in told
    assert "config_invalid" in told
    assert "Traceback" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["earmark.toml"]


def site_settings(kitchen: Kitchen, folder: Path, site: str = "") -> Path:
    """A settings file whose sensors are at the kitchen's bus; `site` goes into [site_broker]."""
    settings = folder / "earmark.toml"
    settings.write_text(sensor_settings(kitchen.port).replace("\n[[", f"{site}\n[["))
    return settings


@contextlib.contextmanager
def kitchen_with(folder: Path, listener: str) -> Iterator[Kitchen]:
    kitchen = Kitchen(folder / "kitchen", listener=listener)
    try:
        yield kitchen
    finally:
        kitchen.close()


def test_the_site_brokers_login_is_tried_as_the_settings_have_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    passwords, ours = tmp_path / "passwords", tmp_path / "password"
    command = ["mosquitto_passwd", "-b", "-c", str(passwords), "earmark", "right"]
    subprocess.run(command, check=True, capture_output=True)
    login = f'username = "earmark"\npassword_file = "{ours}"\n'
    with kitchen_with(tmp_path, f"allow_anonymous false\npassword_file {passwords}\n") as kitchen:
        settings = site_settings(kitchen, tmp_path, login)
        for mode, word, code in ((0o600, "right", ""), (0o600, "wrong", "broker_login_refused")):
            ours.write_text(word + "\n")
            ours.chmod(mode)
            [site] = findings(settings, capsys)["site_broker"]
            assert site["state"] == ("note" if code else "ok")
            assert code in site["detail"] and bool(site["next_step"]) == bool(code)
        ours.chmod(0o644)
        [site] = findings(settings, capsys)["site_broker"]
        assert site["state"] == "note"
        assert "site_password_unusable" in site["detail"] and site["next_step"].startswith("chmod")
        [site] = findings(site_settings(kitchen, tmp_path), capsys)["site_broker"]
        assert "broker_login_refused" in site["detail"]


def test_the_site_brokers_tls_is_tried_as_the_settings_have_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (mqtt_client, site_bus):  # a broker that starves is no silent one
        monkeypatch.setattr(module, "CONNECT_TIMEOUT_S", PATIENCE_S)
    bus, other, key = (tmp_path / name for name in ("bus.ca", "other.ca", "bus.key"))
    for ca_file in (other, bus):
        ca_key, server_key = new_key(), new_key()
        ca = authority("site", ca_key, now=datetime.now(UTC))
        server = server_certificate(["127.0.0.1"], server_key.public_key(), ca, ca_key, now=datetime.now(UTC))
        ca_file.write_bytes(certificate_pem(ca))
        key.with_suffix(".crt").write_bytes(certificate_pem(server))
        key.write_bytes(private_pem(server_key))
    listener = f"allow_anonymous true\ncertfile {key.with_suffix('.crt')}\nkeyfile {key}\n"
    with kitchen_with(tmp_path, listener) as kitchen:
        for site, code in (
            (f'tls = true\nca_file = "{bus}"\n', ""),
            (f'tls = true\nca_file = "{other}"\n', "tls_wrong_ca"),
            ("", "link_lost"),
        ):
            [found] = findings(site_settings(kitchen, tmp_path, site), capsys)["site_broker"]
            assert found["state"] == ("note" if code else "ok")
            assert code in found["detail"] and bool(found["next_step"]) == bool(code)
    settings = site_settings(kitchen, tmp_path)
    [found] = findings(settings, capsys)["site_broker"]
    assert "broker_not_listening" in found["detail"] and found["next_step"]


def test_a_port_that_speaks_something_else_or_nothing_is_no_broker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "earmark.toml"
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        settings.write_text(sensor_settings(mute.getsockname()[1]))
        [site] = findings(settings, capsys)["site_broker"]
    assert site["state"] == "note"
    assert "broker_silent" in site["detail"] and site["next_step"]


def test_a_doctors_visit_does_not_end_the_session_of_a_device_that_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "device").mkdir()
    with (
        kitchen_with(tmp_path, "allow_anonymous true\n") as kitchen,
        sensors_at(kitchen, tmp_path / "device") as sensors,
    ):
        sensors.state_when(lambda state: state.bus_fault == "")
        assert findings(site_settings(kitchen, tmp_path), capsys)["site_broker"][0]["state"] == "ok"
        kitchen.weigh(0.6)
        assert sensors.next_proposal().wanted


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        (SensorRow("s", "the silo", 0.4, 180, True, False, {}, ""), "", "40% left, read 3 minutes ago"),
        (SensorRow("s", "the silo", None, 5, False, False, {}, ""), "", "not heard yet"),
        (SensorRow("s", "the silo", 0.4, 90_000, True, True, {}, ""), "sensor_silent", "silent since"),
        (SensorRow("s", "the silo", None, 90_000, False, True, {}, ""), "sensor_never_heard", "never heard"),
        (
            SensorRow("s", "the silo", None, 90_000, False, True, {"reading_old": 7}, ""),
            "sensor_refused",
            "refused: 7 reading_old",
        ),
        (SensorRow("s", "the silo", 0.4, 9, True, False, {}, "link_lost"), "link_lost", "link_lost"),
        (
            SensorRow("s", "the silo", 0.4, 9, True, False, {}, "sensors_not_connected"),
            "sensors_not_connected",
            "read 9 seconds ago",
        ),
    ],
)
def test_how_a_sensor_is_heard_has_words_a_code_and_what_mends_it(
    row: SensorRow, code: str, words: str
) -> None:
    assert words in heard_how(row)
    found, step = what_mends(row)
    assert found == code
    assert bool(step) == bool(code)


def test_the_running_device_tells_how_each_sensor_is_heard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silo = sensor_settings(1).split("[[sensors]]")[1].split("\n[")[0]
    silo = silo.replace('"beans"', '"silo"').replace("the coffee machine", "the silo").replace("home/", "s/")
    more = f"{sensor_settings(1)}\n[[sensors]]{silo}"
    with running_till(tmp_path, more_settings=more) as till:
        operator_socket(tmp_path / "state").symlink_to(tmp_path / "operator.sock")
        sensors = IpcConnection(till.hand_over("sensors"), peer="till")
        sensors.send(SensorState("beans", 90_000, 0.25, {"reading_old": 3}))
        sensors.send(SensorState("silo", 7_300, 0.4, {}))
        wait_for(lambda: till.orders().sensors[1].level == 0.4, "both reports")
        settings = tmp_path / "earmark.toml"
        beans, silo_found = findings(settings, capsys)["sensors"]
        assert beans["state"] == "note" and beans["next_step"]
        assert beans["detail"].startswith("the coffee machine: 25% left, silent since ")
        assert "refused: 3 reading_old (sensor_refused)" in beans["detail"]
        assert silo_found["state"] == "ok"
        assert silo_found["detail"] == "the silo: 40% left, read 2 hours ago"
        assert main(["-s", str(settings), "orders"]) == 0
        shown = capsys.readouterr().out
        assert "Sensors:" in shown and "the silo: 40% left, read 2 hours ago" in shown
        sensors.close()
        wait_for(lambda: till.orders().sensors[0].fault == "sensors_not_connected", "the loss")
        assert all("sensors_not_connected" in row["detail"] for row in findings(settings, capsys)["sensors"])
