"""The shop's files while its authority is replaced: whenever the process dies, what counts and what certifies
is one consistent thing, and the same command goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from agent.committing import jws
from agent.committing.authorities import TYP, fingerprint, issuer_of, pem_of, signed_by
from agent.committing.client_identity import ClientPair, client_pairs
from agent.committing.envelope import AUTHORITIES, CERTIFICATE, SignedData, decode_data, decode_event
from agent.committing.renewal import CERTIFICATE_TYP
from agent.committing.statements import StatusClaims
from agent.plumbing.messages import ClientCertificate
from order_backend import authority_commands, authority_steps, certificates, cli
from order_backend.authorities import (
    announce,
    announced,
    announcement,
    authority_of,
    issuing,
    make_successor,
    phase,
    signers,
    successor_of,
    trusted,
    trusted_pem,
)
from order_backend.authority_steps import DevicesWait, begin, drop, move, standings
from order_backend.folder import ShopFolder
from order_backend.intake import Intake
from order_backend.key_announcing import KeyAnnouncing
from order_backend.provisioning import trust_bundle
from order_backend.renewals import Renewals
from order_backend.replicas import add_replica
from order_backend.rotations import rotate
from order_backend.shop import Shop
from order_backend.shop_clock import ShopClock
from tests.committing.kit import DEVICE, NOW_S, Bench, found_shop, join
from tests.committing.network import now
from tests.committing.test_renewal import asked, request_pem


@pytest.fixture(autouse=True)
def believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker does what it is told."""
    monkeypatch.setattr(authority_steps, "_waited_in_vain", lambda *_, **__: "")


class Crash(BaseException):
    """The power goes."""


def dies_at(change: int, patched: pytest.MonkeyPatch) -> Callable[[], int]:
    """The process dies instead of the change to a file that has that number; how many there were."""
    count = -1

    def counted() -> None:
        nonlocal count
        count += 1
        if count == change:
            raise Crash

    replace, unlink = Path.replace, Path.unlink

    def replaces(self: Path, target: Path) -> Path:
        counted()
        return replace(self, target)

    def unlinks(self: Path, missing_ok: bool = False) -> None:
        if self.exists() and not self.name.endswith(".new"):
            counted()
        unlink(self, missing_ok)

    patched.setattr(Path, "replace", replaces)
    patched.setattr(Path, "unlink", unlinks)
    return lambda: count + 1


STEPS = (begin, move, drop)


def test_wherever_it_dies_what_counts_hangs_together_and_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 0
    for number, step in enumerate(STEPS):
        original = found_shop(tmp_path / step.__name__)
        add_replica(original, "backend-2", now=now())
        for before in STEPS[:number]:
            before(original, now=now())
        for change in range(100):
            folder = ShopFolder(tmp_path / f"{step.__name__}-{change}")
            shutil.copytree(original.path, folder.path)
            trusted_before = trusted(folder)
            with monkeypatch.context() as patched:
                changes = dies_at(change, patched)
                try:
                    step(folder, now=now())
                except Crash:
                    pass
                else:
                    assert change == changes()  # past the last
                    break
            tried += 1
            hangs_together(folder, trusted_before)
            step(folder, now=now())
            hangs_together(folder, trusted(folder))
            for after in STEPS[number + 1 :]:
                after(folder, now=now())
            is_done(folder)
    assert tried > 20


def hangs_together(folder: ShopFolder, before: list[x509.Certificate]) -> None:
    now_trusted, present = trusted(folder), authority_of(folder)
    assert present.certificate in now_trusted and set(before) & set(now_trusted)
    assert [one.certificate for one in signers(folder)] == now_trusted, "each has its revocation list"
    assert issuing(folder).certificate in now_trusted
    said = announced(folder).authorities
    if phase(folder) != "dropping":
        assert set(said) <= set(map(pem_of, now_trusted)), "devices know none that the shop does not"
    shown = [folder.broker_certificate, *(folder.replica_files(name)[0] for name in folder.replicas())]
    for path in shown:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        signer = [one for one in now_trusted if signed_by(certificate, one)]
        assert signer, path
        if said:
            assert pem_of(signer[0]) in said, "shown to nobody who does not know it"


def is_done(folder: ShopFolder) -> None:
    said = announced(folder)
    assert (phase(folder), said.serial) == ("alone", 2)
    assert said.authorities == (pem_of(authority_of(folder).certificate),)
    left = {path.name for path in (folder.path / "ca").iterdir()}
    assert left == {"ca.crt", "ca.key", "trusted.crt", "revoked.crl", "services.json", "authorities.json"}
    assert trust_bundle(folder).broker.ca_pem == said.authorities[0]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder.path / "ca").glob("*.key"))


def test_each_command_may_be_given_twice(tmp_path: Path) -> None:
    folder = found_shop(tmp_path / "shop")
    first = authority_of(folder).certificate
    assert begin(folder, now=now()) == begin(folder, now=now() + timedelta(days=1))
    move(folder, now=now())
    broker = folder.broker_certificate.read_bytes()
    key = x509.load_pem_x509_certificate(broker).public_key()
    move(folder, now=now())
    assert x509.load_pem_x509_certificate(folder.broker_certificate.read_bytes()).public_key() == key
    drop(folder, now=now())
    is_done(folder)
    second = authority_of(folder).certificate
    assert begin(folder, now=now()).serial == 3, "and then another"
    ages = [one.not_valid_before_utc for one in (first, second, trusted(folder)[-1])]
    assert ages == sorted(set(ages)), "by which devices tell the older one"
    assert len({one.subject for one in (first, second, trusted(folder)[-1])}) == 3


def test_whoever_knows_the_successor_gets_its_certificate_and_nobody_else(bench: Bench) -> None:
    """A device of an earlier release does not say what it knows, and takes none but of the pinned one."""
    folder, renewals = bench.folder, Renewals(bench.folder)

    def signer(**claims: int) -> str:
        reply = renewals.renew(bench.desk.shop, DEVICE, asked(bench, request_pem(), **claims), now_s=NOW_S)
        assert reply is not None and reply.code == "renewed"
        signed = decode_data(decode_event(reply.payload, CERTIFICATE), SignedData).signed
        said = json.loads(jws.verify(signed, bench.trust.keys.receipts, typ=CERTIFICATE_TYP))
        issuer = issuer_of(x509.load_pem_x509_certificate(said["certificate"].encode()), trusted(folder))
        assert issuer is not None
        return fingerprint(issuer)

    present = authority_of(folder).fingerprint
    make_successor(folder, now=now())
    assert signer(authorities=7) == present, "not announced, and the broker may not know it"
    announce(folder, trusted(folder))
    following = successor_of(folder)
    assert following is not None
    assert signer() == present and signer(authorities=0) == present
    assert signer(authorities=1) == following.fingerprint
    drop_all(folder)
    assert signer() == following.fingerprint


def drop_all(folder: ShopFolder) -> None:
    move(folder, force=True, now=now())
    drop(folder, force=True, now=now())


def says(certificate: str, authorities: int) -> StatusClaims:
    return StatusClaims(
        jti="00000000-0000-4000-8000-000000000000", iss=DEVICE, aud="corner-shop", env="test", iat=NOW_S,
        exp=NOW_S + 60, online=True, session="00000000-0000-4000-8000-000000000000",
        certificate=certificate, authorities=authorities,
    )  # fmt: skip


def test_a_device_counts_as_moved_once_it_says_so_itself(tmp_path: Path) -> None:
    folder = found_shop(tmp_path / "shop")
    join(folder, tmp_path / "one")
    begin(folder, now=now())
    following = successor_of(folder)
    assert following is not None
    with Shop.open(folder.database) as shop:
        book = shop.certificates

        def heard(certificate: str, authorities: int) -> tuple[int, bool]:
            book.heard(DEVICE, says(certificate, authorities), now_s=NOW_S)
            one = book.standings(int(now().timestamp()))[0]
            return one.knows, one.connects_by(following.fingerprint)

        assert heard("", 0) == (0, False)
        assert heard("", 1) == (1, False)
        move(folder, now=now())
        with pytest.raises(DevicesWait, match="authority_held"):
            drop(folder, now=now())
        key = x509.load_pem_x509_certificate((tmp_path / "one" / "mqtt.crt").read_bytes()).public_key()
        made = certificates.client_certificate(DEVICE, key, *following, now=now())  # type: ignore[arg-type]
        with shop.transaction(DEVICE):
            book.add(DEVICE, made, following.fingerprint)
        assert heard("", 1) == (1, False), "it has not come to it"
        join(folder, tmp_path / "two", "device-2")
        second = book.standings(int(now().timestamp()))[1]
        assert second.connects_by(following.fingerprint), "it never had another"
        book.heard("device-2", says(f"{made.serial_number:x}", 1), now_s=NOW_S)
        assert not book.standings(int(now().timestamp()))[0].connects_by(following.fingerprint), "not its own"
        assert heard(f"{made.serial_number:x}", 0) == (1, True), "nothing is taken back"
        assert heard("", 0) == (1, True)
    drop(folder, now=now())


def test_what_is_over_or_revoked_holds_nothing_up(tmp_path: Path) -> None:
    folder = found_shop(tmp_path / "shop")
    join(folder, tmp_path / "one")
    join(folder, tmp_path / "two", "device-2")
    begin(folder, now=now())
    move(folder, force=True, now=now())
    with Shop.open(folder.database) as shop:
        shop.revoke("device-2")
    assert [one.device_id for one in standings(folder, now())] == [DEVICE]
    later = now() + timedelta(days=366)
    assert standings(folder, later) == []
    drop(folder, now=later)


def test_the_operator_is_told_when_it_ends_and_what_is_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = found_shop(tmp_path / "shop")
    join(folder, tmp_path / "one")

    def shown(*words: str) -> str:
        assert cli.main(["authority", str(folder.path), *words]) == 0
        return capsys.readouterr().out

    end = authority_of(folder).certificate.not_valid_after_utc
    assert f"corner-shop authority, until {end:%Y-%m-%d}" in shown()
    assert f"next: nothing until {end - authority_commands.BEGIN_BEFORE:%Y-%m-%d}" in shown()

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return end - timedelta(days=700)

    with monkeypatch.context() as patched:
        patched.setattr(authority_commands, "datetime", Later)
        assert shown().rstrip().endswith("begin")
    make_successor(folder, now=datetime.now(UTC))
    assert "not announced" in shown() and shown().rstrip().endswith("begin")
    assert "announced as list 1" in shown("begin") and shown().rstrip().endswith("move")
    assert shown("move", "--force").rstrip().endswith("drop")
    assert f"{DEVICE}  has not said that it knows the successor; its certificate ends on" in shown()
    assert "next: nothing until" in shown("drop", "--force")


def test_what_a_device_signs_of_its_certificate_is_kept_by_whichever_order_service_hears_it(
    bench: Bench,
) -> None:
    bench.trust_time()
    intake = Intake(bench.folder, lambda *_, **__: 0)
    begin(bench.folder, now=now())
    bench.road.received(f"va/v1/b/{bench.trust.shop_id}/authorities", announcement(bench.folder, now_s=NOW_S))
    [before] = standings(bench.folder, now())
    serial = f"{pair_of(bench).serial:x}"
    bench.road.renewal.certificate(ClientCertificate(NOW_S, NOW_S + 1_000, serial, ""))
    pair = bench.road.presence.pair()
    assert pair is not None
    clock = ShopClock(bench.desk.shop, "backend-1", lambda: NOW_S)
    clock.now_s = lambda: NOW_S  # type: ignore[method-assign]
    intake.take(f"va/v1/d/{DEVICE}/up/status", pair.online, bench.desk, clock, tells=False)
    [after] = standings(bench.folder, now())
    assert (before.knows, before.held[0].seen_s) == (0, 0)
    assert (after.knows, after.held[0].seen_s) == (1, NOW_S)


def pair_of(bench: Bench) -> ClientPair:
    settings = bench.settings.paths
    return client_pairs(Path(settings.keys_dir), Path(settings.state_dir))[0]


def test_an_order_service_tells_the_keys_before_what_they_sign_and_again_to_a_broker_that_may_have_lost_it(
    tmp_path: Path,
) -> None:
    folder, told = found_shop(tmp_path / "shop"), list[tuple[str, bytes]]()

    def publish(topic: str, payload: bytes, *, retain: bool = False) -> int:
        told.append((topic.rpartition("/")[2], payload))
        return 1

    def look() -> list[str]:
        told.clear()
        announcing.look(publish, NOW_S)
        return [what for what, _ in told]

    announcing = KeyAnnouncing(folder)
    assert look() == []
    rotate(folder, "receipts", now=now())
    begin(folder, now=now())
    assert look() == ["trust", "authorities"] and look() == []
    move(folder, now=now())
    drop(folder, now=now())
    assert look() == ["authorities"]
    announcing.new_session()
    assert look() == ["trust", "authorities"]
    signed = decode_data(decode_event(told[1][1], AUTHORITIES), SignedData).signed
    said = json.loads(jws.verify(signed, [folder.public_key("policy")], typ=TYP))
    assert (said["serial"], said["authorities"]) == (2, [trusted_pem(folder)])
