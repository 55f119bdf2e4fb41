"""One suite for the three places of the signing key: made by the real command, used inside the real sandbox,
believed by the real shop."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pkcs11
import pytest
from cryptography import x509
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters

from agent import cli
from agent.committing import jws, sd_jwt
from agent.committing.envelope import INTENT, IntentData, decode_data, decode_event
from agent.committing.key_change import read_offered
from agent.committing.key_pkcs11 import Pkcs11Signer
from agent.committing.key_renewal import KeyRenewal
from agent.committing.key_stores import open_key_store
from agent.committing.key_tpm import TPM_KEY, TpmSigner
from agent.committing.keys import TypedSigner, store_client_certificate
from agent.committing.next_key import finish_change, next_place
from agent.committing.next_pkcs11 import InToken
from agent.committing.road import OrderRoad
from agent.committing.road_events import OrderPlaced
from agent.plumbing.errors import TrustError
from agent.plumbing.settings_file import load_settings
from order_backend.certificates import jwk_of
from order_backend.provisioning import admit, requested_keys
from tests.committing.key_places import PIN, Place, soft_token, soft_tpm, tpm_place
from tests.committing.kit import DEVICE, Bench, agreed
from tests.plumbing.sandboxes import ROOT

PROCESSES = Path(__file__).parents[1] / "plumbing" / "processes"


@pytest.fixture(autouse=True)
def typed_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is piped in where a PIN is asked for."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PIN}\n" * 2))


@pytest.fixture(params=["file", "pkcs11", "tpm"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    if request.param == "file":
        yield Place("file")
    elif request.param == "pkcs11":
        with soft_token(tmp_path / "hsm", monkeypatch) as token:
            yield token
    else:
        with soft_tpm(tmp_path / "chip") as path:
            yield tpm_place(path)


def test_a_shop_believes_orders_signed_there(place: Place, bench: Bench, tmp_path: Path) -> None:
    settings_file = place.provision(tmp_path / "shelf")
    settings = load_settings(settings_file)
    requests = (tmp_path / "shelf" / "request.pem").read_bytes()
    keys_dir = Path(settings.paths.keys_dir)
    assert x509.load_pem_x509_csr(requests).subject.rfc4514_string() == f"CN={DEVICE}"
    admission = admit(bench.folder, DEVICE, requests, now=datetime.now(UTC))
    store_client_certificate(keys_dir, admission.certificate_pem)

    keys = open_key_store(settings)
    assert keys.device_kid == keys.public_jwk().kid
    bench.trust_time()
    road: OrderRoad = OrderRoad(
        bench.journal,
        keys,
        admission.trust,
        bench.time,
        bench.settings,
        monotonic_ns=bench.clocks.monotonic_ns,
    )
    road.link(True)
    intent = road.commit(agreed())
    [publish] = road.tick().publishes
    receipt = bench.desk.intent(DEVICE, publish.payload, now_s=int(bench.clocks.wall_s))
    [event] = road.received(f"va/v1/d/{DEVICE}/dn/ack", receipt.payload)
    assert isinstance(event, OrderPlaced) and event.intent_id == intent.intent_id


def test_the_sandboxed_till_signs_there(place: Place, bench: Bench, tmp_path: Path) -> None:
    settings_file = place.provision(tmp_path / "shelf")
    bench.trust_time()
    bench.road.commit(agreed())
    bench.road.link(True)
    [publish] = bench.road.tick().publishes
    tokens = decode_data(decode_event(publish.payload, INTENT), IntentData)
    mandate = sd_jwt.verify(tokens.payment, [bench.keys.public_jwk()])

    done = subprocess.run(
        [
            *(sys.executable, "-m", "agent.plumbing.launcher", "--profile", "till", "--keep-stdin"),
            *("--settings", str(settings_file), "--also-import", str(PROCESSES)),
            *("--", sys.executable, "-m", "signs_once", str(settings_file)),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        input=mandate,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    token = done.stdout.decode().strip()
    keys = open_key_store(load_settings(settings_file))
    assert msgspec.json.decode(sd_jwt.verify(token, [keys.public_jwk()])) == msgspec.json.decode(mandate)


def test_a_key_is_not_made_twice(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings_file = place.provision(tmp_path / "shelf")
    text, kid = settings_file.read_text(), open_and_close(settings_file)
    settings_file.unlink()
    assert cli.main(["provision", str(tmp_path / "shelf"), *place.options]) != 0
    assert "key_exists" in capsys.readouterr().err
    assert not settings_file.exists()
    settings_file.write_text(text)
    assert open_and_close(settings_file) == kid


def test_the_key_of_each_place_is_followed_by_another(
    place: Place, bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings_file = place.provision(tmp_path / "shelf")
    settings = load_settings(settings_file)
    request = tmp_path / "shelf" / "request.pem"
    admission = admit(bench.folder, DEVICE, request.read_bytes(), now=datetime.now(UTC))
    Path(settings.paths.trust_file).write_bytes(admission.trust.to_bytes())
    renew = ["-s", str(settings_file), "keys", "renew"]
    assert cli.main(renew) == 0, capsys.readouterr().err
    state = Path(settings.paths.state_dir) / "till"
    offered, old = read_offered(state), open_key_store(settings)
    assert offered is not None and offered.old == old.device_kid and offered.key.kid != old.device_kid
    bench.clocks.synchronised, bench.clocks.wall_s = True, time.time()
    renewal = KeyRenewal(old, admission.trust, bench.time, DEVICE, state)
    [statement] = renewal.tick()
    yes = bench.desk.key_changes.take(DEVICE, statement.payload, now_s=int(bench.clocks.wall_s))
    renewal.received(yes.payload)
    assert isinstance(old, TypedSigner)
    old.close()

    take_up = ["-s", str(settings_file), "keys", "take-up"]
    assert cli.main(take_up) == 0, "as the machine does by itself" + capsys.readouterr().err
    assert open_and_close(settings_file) == offered.key.kid
    assert jwk_of(requested_keys(request.read_bytes(), DEVICE)[1]) == offered.key
    assert cli.main(take_up) == 1, "and nothing more to do"
    before, after = finish_change(settings, settings_file, by_hand=True), open_and_close(settings_file)
    assert (before, after) == ("nothing", offered.key.kid)
    with pytest.raises(TrustError) as caught:
        next_place(settings, by_hand=True).open()
    assert caught.value.code == "key_missing", "one key is left there"


def test_a_change_by_itself_tries_no_pin_that_the_token_has_refused(token: Place, tmp_path: Path) -> None:
    settings_file = token.provision(tmp_path / "shelf")
    settings = load_settings(settings_file)
    pin = tmp_path / "shelf" / "var" / "keys" / "pkcs11.pin"
    pin.write_text("000000\n")
    assert refusal(settings_file).code == "key_store_pin"
    for by_hand, detail in ((False, "another try might lock it"), (True, "refuses the PIN")):
        with pytest.raises(TrustError) as caught:
            next_place(settings, by_hand=by_hand).take_over()
        assert detail in caught.value.detail


def test_a_tpm_that_is_not_reached_keeps_the_key_that_it_has(tmp_path: Path) -> None:
    with soft_tpm(tmp_path / "chip") as tpm:
        settings = load_settings(tpm_place(tpm).provision(tmp_path / "shelf"))
        place = next_place(settings, by_hand=False)
        place.make().close()
    files = {path: path.read_bytes() for path in (tmp_path / "shelf" / "var" / "keys").iterdir()}
    with pytest.raises(TrustError) as caught:
        place.take_over()
    assert caught.value.code == "key_store_unavailable"
    assert files == {path: path.read_bytes() for path in files}


class Pulled(BaseException):
    """The token is pulled, or the power goes."""


class Handle:
    """An object of the token that `left` more changes are made to."""

    left: list[int]

    def __init__(self, object_: Any) -> None:
        self._object = object_

    def __getitem__(self, name: Any) -> Any:
        return self._object[name]

    def __setitem__(self, name: Any, value: Any) -> None:
        self._count()
        self._object[name] = value

    def destroy(self) -> None:
        self._count()
        self._object.destroy()

    def _count(self) -> None:
        self.left[0] -= 1
        if self.left[0] < 0:
            raise Pulled


@pytest.mark.parametrize("changes", range(6))
def test_wherever_the_token_is_pulled_the_change_goes_on(
    token: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: int
) -> None:
    settings = load_settings(token.provision(tmp_path / "shelf"))
    place = InToken(settings.keys, Path(settings.paths.keys_dir), by_hand=True)
    made = place.make()
    kid = made.device_kid
    made.close()
    labelled = InToken._labelled
    with monkeypatch.context() as patched:
        patched.setattr(Handle, "left", [changes], raising=False)
        wrapped = staticmethod(lambda session, label: [Handle(one) for one in labelled(session, label)])
        patched.setattr(InToken, "_labelled", wrapped)
        with pytest.raises(Pulled):
            place.take_over()
    place.take_over()
    assert open_and_close(tmp_path / "shelf" / "earmark.toml") == kid
    place.take_over()  # and there is nothing more to do
    assert open_and_close(tmp_path / "shelf" / "earmark.toml") == kid


def open_and_close(settings_file: Path, *, by_hand: bool = False) -> str:
    """The kid. A login is the whole process's, so it must end before the next begins."""
    keys = open_key_store(load_settings(settings_file), by_hand=by_hand)
    kid = keys.device_kid
    if isinstance(keys, TypedSigner):
        keys.close()
    return kid


def refusal(settings_file: Path, *, by_hand: bool = False) -> TrustError:
    with pytest.raises(TrustError) as caught:
        open_and_close(settings_file, by_hand=by_hand)
    return caught.value


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with soft_token(tmp_path / "hsm", monkeypatch, "earmark", "spare") as place:
        yield place


@pytest.fixture
def tpm(tmp_path: Path) -> Iterator[Path]:
    with soft_tpm(tmp_path / "chip") as path:
        yield path


def test_a_wrong_pin_is_tried_once_and_then_only_by_hand(token: Place, tmp_path: Path) -> None:
    settings_file = token.provision(tmp_path / "shelf")
    pin = tmp_path / "shelf" / "var" / "keys" / "pkcs11.pin"
    pin.write_text("000000\n")
    first, second = refusal(settings_file), refusal(settings_file)
    assert (first.code, second.code) == ("key_store_pin", "key_store_pin")
    assert "refuses the PIN" in first.detail and "another try might lock it" in second.detail
    pin.write_text(f"{PIN}\n")
    assert "another try might lock it" in refusal(settings_file).detail
    kid = open_and_close(settings_file, by_hand=True)
    assert open_and_close(settings_file) == kid


def test_nothing_is_kept_of_a_token_that_refuses_the_pin(
    token: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for typed, code in (("000000\n", "key_store_pin"), ("", "provision_pin")):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert cli.main(["provision", str(tmp_path / "shelf"), *token.options]) != 0
        assert code in capsys.readouterr().err
        assert [path for path in (tmp_path / "shelf").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("was", "put", "code"),
    [
        ('pkcs11_token = "earmark"', 'pkcs11_token = "absent"', "key_store_unavailable"),
        ('pkcs11_token = "earmark"', 'pkcs11_token = "spare"', "key_missing"),
        ("libsofthsm2.so", "absent.so", "key_store_unavailable"),
        ("softhsm/libsofthsm2.so", "os-release", "key_store_unavailable"),
        ("[keys]", '[keys]\npkcs11_key = "another"', "key_missing"),
    ],
)
def test_a_token_that_is_not_there_is_named(
    token: Place, tmp_path: Path, was: str, put: str, code: str
) -> None:
    settings_file = token.provision(tmp_path / "shelf")
    settings_file.write_text(settings_file.read_text().replace(was, put))
    found = refusal(settings_file)
    assert found.code == code and found.next_step


def test_a_key_that_its_token_would_give_away_is_refused(token: Place, tmp_path: Path) -> None:
    settings_file = token.provision(tmp_path / "shelf")
    keys = load_settings(settings_file).keys
    with (
        pkcs11.lib(keys.pkcs11_module).get_token(token_label="earmark").open(rw=True, user_pin=PIN) as session
    ):
        curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
        session.create_domain_parameters(KeyType.EC, curve, local=True).generate_keypair(
            mechanism=Mechanism.EC_KEY_PAIR_GEN,
            label="loose",
            store=True,
            private_template={Attribute.EXTRACTABLE: True},
        )
        made = session.get_key(ObjectClass.PRIVATE_KEY, KeyType.EC, label=keys.pkcs11_key)
        assert made[Attribute.NEVER_EXTRACTABLE] and made[Attribute.SENSITIVE] and made[Attribute.LOCAL]
    settings_file.write_text(settings_file.read_text() + 'pkcs11_key = "loose"\n')
    assert refusal(settings_file).code == "key_unusable"


def test_a_token_that_was_pulled_and_put_back_signs_again(token: Place, tmp_path: Path) -> None:
    settings = load_settings(token.provision(tmp_path / "shelf"))
    signer = Pkcs11Signer(settings.keys, Path(settings.paths.keys_dir))
    first = jws.sign({"n": 1}, signer, typ="t")
    signer.close()
    second = jws.sign({"n": 2}, signer, typ="t")
    assert [jws.verify(one, [signer.public], typ="t") for one in (first, second)] == [b'{"n":1}', b'{"n":2}']
    signer.close()


def test_chip_and_file_make_the_key_and_neither_alone(tpm: Path, tmp_path: Path) -> None:
    settings_file = tpm_place(tpm).provision(tmp_path / "shelf")
    kid = open_and_close(settings_file)
    assert TpmSigner(tpm, b"\0" * 32).public.kid != kid  # a thief of the chip
    with soft_tpm(tmp_path / "another") as other:  # a thief of the file
        settings_file.write_text(settings_file.read_text().replace(str(tpm), str(other)))
        found = refusal(settings_file)
    assert found.code == "key_store_changed" and "admit" in found.next_step


def test_a_tpm_that_was_reset_signs_on_with_the_same_key(tmp_path: Path) -> None:
    with soft_tpm(tmp_path / "chip") as path:
        signer = TpmSigner.create(path, tmp_path / "keys")
        signer._chip.command(0x165, signer._handle.to_bytes(4))  # TPM2_FlushContext: as a reset leaves it
        assert jws.verify(jws.sign({"n": 1}, signer, typ="t"), [signer.public], typ="t") == b'{"n":1}'
    with pytest.raises(TrustError) as caught:  # the chip is gone
        signer.sign_es256(b"more")
    assert caught.value.code == "key_store_unavailable"


def test_a_damaged_template_is_named(tpm: Path, tmp_path: Path) -> None:
    settings_file = tpm_place(tpm).provision(tmp_path / "shelf")
    path = tmp_path / "shelf" / "var" / "keys" / TPM_KEY
    for damage in (b"", b"{}", b'{"secret": "00"}', path.read_bytes()[:-1]):
        path.write_bytes(damage)
        assert refusal(settings_file).code == "key_unusable"
    path.unlink()
    assert refusal(settings_file).code == "key_missing"


_OK = b"\x80\x02" + (10).to_bytes(4) + (0).to_bytes(4)


@pytest.mark.parametrize(
    "answer", [b"", b"\x80", _OK, b"\x80\x01\x00\x00\x00\x0a\x00\x00\x01\x00", _OK[:2] + b"\xff" * 40]
)
def test_a_tpm_that_answers_nonsense_is_no_key_store(tmp_path: Path, answer: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "tpm.sock"))
        server.listen(1)

        def answers() -> None:
            with suppress(OSError), server.accept()[0] as link:
                link.recv(4096)
                link.sendall(answer)

        thread = threading.Thread(target=answers)
        thread.start()
        with pytest.raises(TrustError) as caught:
            TpmSigner(tmp_path / "tpm.sock", b"\0" * 32)
        thread.join()
    assert caught.value.code == "key_store_unavailable"


def test_no_tpm_is_named_before_anything_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = tpm_place(tmp_path / "absent").options
    assert cli.main(["provision", str(tmp_path / "shelf"), *options]) != 0
    assert "key_store_unavailable" in capsys.readouterr().err
    assert not (tmp_path / "shelf" / "earmark.toml").exists()


def test_options_that_make_no_key_store_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for options in (["--key-store", "pkcs11"], ["--key-store", "tpm", "--tpm", "relative"]):
        assert cli.main(["provision", str(tmp_path / "shelf"), *options]) != 0
        assert "provision_key_store" in capsys.readouterr().err
