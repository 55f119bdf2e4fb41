"""How long the device may still connect, as the doctor and `earmark status` say it."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from agent.commands import status
from agent.commands.certificate_findings import authority, certificate, renewing, until
from agent.committing.broker_authorities import keep_authorities
from agent.plumbing import operator
from agent.plumbing.settings_file import load_settings
from order_backend.authorities import authority_of, make_successor, trusted_pem
from tests.committing.kit import DEVICE, found_shop, make_settings
from tests.committing.network import now
from tests.committing.test_renewal import identity_of, issue, join_ago, pem_of

HEALTH = operator.Health(True, "g", True, "", True, 0)


@pytest.mark.parametrize(
    ("days_ago", "state", "words"),
    [(10, "ok", "354 days"), (320, "note", "should have been renewed"), (400, "bad", "has ended on")],
)
def test_the_doctor_says_how_long_it_lasts(tmp_path: Path, days_ago: int, state: str, words: str) -> None:
    folder = found_shop(tmp_path / "shop")
    join_ago(folder, tmp_path / "keys", days=days_ago)
    [found] = certificate(make_settings(tmp_path, device_id=DEVICE))
    assert (found.state, words in found.detail) == (state, True)
    assert bool(found.next_step) == (state != "ok")


def test_a_renewed_one_counts(tmp_path: Path) -> None:
    folder = found_shop(tmp_path / "shop")
    join_ago(folder, tmp_path / "keys", days=320)
    (tmp_path / "state" / "uplink").mkdir(parents=True)
    identity = identity_of(folder, tmp_path)
    identity.accept(pem_of(issue(folder, identity.request())))
    [found] = certificate(make_settings(tmp_path))
    assert found.state == "ok"


def test_the_doctor_says_how_long_the_authority_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = found_shop(tmp_path / "shop")
    trust = join_ago(folder, tmp_path / "keys", days=10)
    settings, uplink = make_settings(tmp_path), tmp_path / "state" / "uplink"
    uplink.mkdir(parents=True)
    end = authority_of(folder).certificate.not_valid_after_utc
    [found] = authority(settings)
    assert found.state == "ok" and f"until {end:%Y-%m-%d}" in found.detail and "replacing" not in found.detail
    monkeypatch.setattr(time, "time", lambda: end.timestamp() - 364 * 86_400)
    [found] = authority(settings)
    assert found.state == "note" and found.next_step
    successor = make_successor(folder, now=end - timedelta(days=700)).certificate
    keep_authorities(uplink, trust.broker, trusted_pem(folder))
    [found] = authority(settings)
    assert found.state == "ok" and f"until {successor.not_valid_after_utc:%Y-%m-%d}" in found.detail
    assert "replacing" in found.detail


def test_what_the_running_device_could_not_do_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert list(renewing(HEALTH)) == []
    ends_s = int((now() + timedelta(days=20, hours=1)).timestamp())
    failing = msgspec.structs.replace(
        HEALTH, certificate_until_s=ends_s, certificate_fault="renewal_unanswered"
    )
    [found] = renewing(failing)
    assert found.state == "note" and "renewal_unanswered" in found.detail and found.next_step
    (tmp_path / "earmark.toml").write_text('[device]\nid = "device-1"\n')
    load_settings(tmp_path / "earmark.toml")

    class Client:
        def __init__(self, *_: object) -> None: ...

        def ask(self, *_: object) -> operator.Health:
            return failing

    monkeypatch.setattr(status, "OperatorClient", Client)
    arguments = type("A", (), {"settings": tmp_path / "earmark.toml", "json": False, "follow": False})
    assert status.run(arguments) == 0  # type: ignore[arg-type]
    shown = capsys.readouterr().out
    assert f"may connect {until(ends_s)}; not renewed (renewal_unanswered)" in shown and "20 days" in shown
