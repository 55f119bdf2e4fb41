"""A new device claims its place by a printed code: over real TLS, by the real command, against thieves,
guessers and impostors."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import cli
from agent.commands.claiming import Place, enrol, first_word
from agent.committing.claim_code import ClaimAnchor, ClaimAnswer, ClaimCode, Enrolment
from agent.committing.keys import create_device_keys
from agent.committing.trust import load_trust
from agent.plumbing.errors import ConfigurationError, EarmarkError, TrustError
from agent.plumbing.settings_file import load_settings
from order_backend import authority_steps
from order_backend import cli as backend_cli
from order_backend.authorities import announce, make_successor, trusted
from order_backend.claims import MOST_FAILURES
from order_backend.device_keys import REFUSED_S
from order_backend.enrolment import (
    LONGEST_BODY_BYTES,
    MOST_AT_ONCE,
    TRIES_AT_ONCE,
    EnrolmentService,
    _EnrolmentDesk,
)
from order_backend.folder import ShopFolder
from order_backend.shop import Shop
from tests.committing.kit import Bench, found_shop

HOUR_S = 3600


@pytest.fixture
def folder(tmp_path: Path, database: str) -> ShopFolder:
    return found_shop(tmp_path / "shop", database=database)


@pytest.fixture
def shop(folder: ShopFolder) -> Iterator[Shop]:
    with Shop.open(folder.database) as shop:
        yield shop


@pytest.fixture
def door(folder: ShopFolder) -> Iterator[Place]:
    with EnrolmentService(folder) as service:
        yield Place("localhost", service.port)


def now_s() -> int:
    return int(time.time())


def anchor_of(folder: ShopFolder, device_id: str = "kitchen-1") -> ClaimAnchor:
    config = folder.config()
    ca_pem = folder.ca_certificate.read_text("ascii")
    return ClaimAnchor(config.shop_id, config.shop_name, config.environment, device_id, ca_pem)


def code_for(shop: Shop, folder: ShopFolder, device_id: str = "kitchen-1") -> ClaimCode:
    return shop.claims.make(anchor_of(folder, device_id), now_s=now_s(), lifetime_s=HOUR_S)


def refused(code: str, call: object, *arguments: object, **named: object) -> EarmarkError:
    with pytest.raises(EarmarkError) as caught:
        call(*arguments, **named)  # type: ignore[operator]
    assert caught.value.code == code
    return caught.value


# --- the code ---


@given(st.sampled_from(["{}", " {} ", "{}\n"]), st.booleans())
def test_a_code_is_read_as_people_type_it(frame: str, small: bool) -> None:
    code = ClaimCode.new()
    typed = code.text.replace("0", "O").replace("1", "l").replace("-", " ")
    read = ClaimCode.parse(frame.format(typed.lower() if small else typed))
    assert (read.name, read.password, read.text) == (code.name, code.password, code.text)


@given(st.integers(0, 23), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_a_typing_error_is_told_before_anything_is_sent(place: int, other: str) -> None:
    plain = ClaimCode.new().text.replace("-", "")
    if plain[place] != other:
        refused("claim_mistyped", ClaimCode.parse, plain[:place] + other + plain[place + 1 :])


@given(st.text(max_size=60))
def test_any_other_text_is_no_code(text: str) -> None:
    refused("claim_mistyped", ClaimCode.parse, text)


def test_what_the_shop_keeps_does_not_hold_the_code(shop: Shop, folder: ShopFolder) -> None:
    code = code_for(shop, folder)
    kept = repr(shop._db.run("SELECT * FROM claims").all())
    secrets = (code.text, code.text.replace("-", "")[:20], code.password)
    assert code.name in kept and not any(secret in kept for secret in secrets)


# --- the way in ---


def test_a_device_enrols_itself_by_its_code_alone(
    folder: ShopFolder, door: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backend_cli.main(["claim", str(folder.path), "--device", "kitchen-1"]) == 0
    text = capsys.readouterr().out.splitlines()[0].rpartition(": ")[2]
    shelf = tmp_path / "shelf"
    command = ["provision", str(shelf), "--claim", text, "--shop", f"localhost:{door.port}"]
    assert cli.main(command) == 0
    assert "Corner Shop (test) knows the code: this device is kitchen-1" in capsys.readouterr().out

    settings = load_settings(shelf / "earmark.toml")
    assert (settings.device.id, settings.device.environment) == ("kitchen-1", "test")
    assert load_trust(Path(settings.paths.trust_file)).shop_id == folder.config().shop_id
    assert (shelf / "var" / "catalogue.json").read_bytes() == folder.catalogue.read_bytes()
    with Shop.open(folder.database) as shop:
        device = shop.device("kitchen-1")
        assert device is not None and device.active
        assert shop.claims.open_ones(now_s()) == {}
    assert cli.main(command) == 0  # the answer was lost, say: the same keys get the like


def test_one_code_lets_one_device_in(folder: ShopFolder, shop: Shop, door: Place, tmp_path: Path) -> None:
    code = code_for(shop, folder)
    requests = [create_device_keys(tmp_path / name, "kitchen-1") for name in ("first", "second")]
    answers: list[object] = []

    def try_it(request: bytes) -> None:
        try:
            answers.append(enrol(door, code, first_word(door, code), request))
        except TrustError as error:
            answers.append(error.code)

    threads = [threading.Thread(target=try_it, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count("claim_used") == 1 and len(answers) == 2


def test_a_request_for_another_name_leaves_the_code_as_it_is(
    folder: ShopFolder, shop: Shop, door: Place, tmp_path: Path
) -> None:
    code = code_for(shop, folder)
    anchor = first_word(door, code)
    refused("admission_request", enrol, door, code, anchor, create_device_keys(tmp_path / "a", "kitchen-2"))
    enrol(door, code, anchor, create_device_keys(tmp_path / "b", "kitchen-1"))


# --- who is turned away ---


def test_wrong_expired_withdrawn_and_replaced_codes_are_told_apart(
    folder: ShopFolder, shop: Shop, door: Place
) -> None:
    refused("claim_unknown", first_word, door, ClaimCode.new())
    old = shop.claims.make(anchor_of(folder), now_s=now_s() - 2 * HOUR_S, lifetime_s=HOUR_S)
    assert "new one" in refused("claim_expired", first_word, door, old).next_step
    newer = code_for(shop, folder)
    refused("claim_unknown", first_word, door, old)
    assert shop.claims.withdraw("kitchen-1") and not shop.claims.withdraw("kitchen-1")
    refused("claim_unknown", first_word, door, newer)


def test_a_name_without_its_password_is_of_no_use_and_is_soon_closed(
    shop: Shop, folder: ShopFolder, tmp_path: Path
) -> None:
    code = code_for(shop, folder)
    requests = create_device_keys(tmp_path, "kitchen-1").decode()
    for _ in range(MOST_FAILURES):
        refused(
            "claim_refused", shop.claims.redeem, Enrolment(code.name, "0" * 64, requests), "x", now_s=now_s()
        )
    right = Enrolment(code.name, code.password, requests)
    refused("claim_closed", shop.claims.redeem, right, "x", now_s=now_s())
    assert shop.device("kitchen-1") is None


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_hundred_thousand_guesses_find_nothing(folder: ShopFolder, shop: Shop) -> None:
    code = code_for(shop, folder)
    guesses = (hashlib.sha256(b"%d" % number).hexdigest()[:32] for number in range(100_000))
    with shop.transaction():
        for guess in guesses:
            with pytest.raises(TrustError, match="claim_unknown"):
                shop.claims.answer(guess, now_s=now_s())
    assert first_word_here(shop, code).device_id == "kitchen-1"


def first_word_here(shop: Shop, code: ClaimCode) -> ClaimAnchor:
    return code.believed(shop.claims.answer(code.name, now_s=now_s()))


def test_whoever_guesses_waits_and_others_do_not(folder: ShopFolder, shop: Shop, door: Place) -> None:
    code = code_for(shop, folder)
    for _ in range(TRIES_AT_ONCE):
        refused("claim_unknown", first_word, door, ClaimCode.new())
    refused("enrol_too_many", first_word, door, code)
    if socket.has_ipv6:
        with EnrolmentService(folder, "::1") as another:  # a door of its own, with a memory of its own
            assert first_word(Place("::1", another.port), code).device_id == "kitchen-1"


def test_an_impostor_without_the_code_is_not_believed(folder: ShopFolder, shop: Shop, tmp_path: Path) -> None:
    code = code_for(shop, folder)
    impostor = found_shop(tmp_path / "impostor")
    forged = ClaimCode.new()  # he knows the name: he may stand in the middle and have asked the shop
    with Shop.open(impostor.database) as his:
        made = his.claims.make(anchor_of(impostor), now_s=now_s(), lifetime_s=HOUR_S)
        his._db.run(f"UPDATE claims SET name = '{code.name}'")
        assert made.name != forged.name
    with EnrolmentService(impostor) as service:
        found = refused("claim_forged", first_word, Place("localhost", service.port), code)
        assert "never type the code" in found.next_step
        # With the shop's true first word in hand he has no certificate of the shop's authority.
        true_word = first_word_here(shop, code)
        requests = create_device_keys(tmp_path / "keys", "kitchen-1")
        refused("claim_unreachable", enrol, Place("localhost", service.port), code, true_word, requests)


def test_an_altered_first_word_is_not_believed(shop: Shop, folder: ShopFolder) -> None:
    code = code_for(shop, folder)
    answer = shop.claims.answer(code.name, now_s=now_s())
    for altered in (
        ClaimAnswer(answer.anchor.replace("kitchen-1", "kitchen-2"), answer.mac),
        ClaimAnswer(answer.anchor.replace('"test"', '"production"'), answer.mac),
        ClaimAnswer(answer.anchor, answer.mac[:-1] + ("0" if answer.mac[-1] != "0" else "1")),
        ClaimAnswer(answer.anchor, ""),
    ):
        refused("claim_forged", code.believed, altered)


def asked(door: Place, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with closing(http.client.HTTPSConnection(*door, timeout=240, context=context)) as connection:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())["code"]


def test_bad_questions_get_a_code_and_no_more(door: Place) -> None:
    assert asked(door, "GET", "/") == (404, "enrol_path")
    assert asked(door, "GET", "/claims/../../shop.json") == (404, "claim_unknown")
    assert asked(door, "GET", "/claims/x'%20OR%201=1--") == (404, "claim_unknown")
    assert asked(door, "POST", "/claims/x") == (404, "enrol_path")
    assert asked(door, "POST", "/enrolments", b"{}") == (403, "enrol_malformed")
    assert asked(door, "POST", "/enrolments", b"\xff\x00") == (403, "enrol_malformed")
    too_long = str(LONGEST_BODY_BYTES + 1)
    assert asked(door, "POST", "/enrolments", **{"Content-Length": too_long}) == (413, "enrol_too_long")
    assert asked(door, "POST", "/enrolments", **{"Content-Length": "-1"}) == (413, "enrol_too_long")


def test_old_tls_is_refused(door: Place) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(door) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain)


def test_many_that_say_nothing_do_not_keep_the_door_for_ever(
    folder: ShopFolder, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_backend.enrolment.PATIENCE_S", 0.5)
    code = code_for(shop, folder)
    with EnrolmentService(folder) as service, ExitStack() as silent:
        place = Place("localhost", service.port)
        for _ in range(MOST_AT_ONCE):
            silent.enter_context(socket.create_connection(place))
        until = time.monotonic() + 240
        while True:
            try:
                assert first_word(place, code).device_id == "kitchen-1"
                break
            except TrustError as error:
                assert error.code == "claim_unreachable" and time.monotonic() < until
                time.sleep(0.05)


# --- the commands ---


def test_the_shop_asks_before_a_known_device_is_replaced(
    folder: ShopFolder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = str(folder.path)
    with Shop.open(folder.database) as shop:
        code = code_for(shop, folder)
        with EnrolmentService(folder) as service:
            place = Place("localhost", service.port)
            enrol(place, code, first_word(place, code), create_device_keys(tmp_path / "k", "kitchen-1"))
    for arguments, said in (
        (["--device", "kitchen-1"], "claim_known"),
        (["--device", "backend-1"], "claim_device"),
        (["--device", "a/b"], "claim_device"),
        (["--device", "kitchen-2", "--withdraw"], "claim_none"),
    ):
        assert backend_cli.main(["claim", path, *arguments]) == 1
        assert said in capsys.readouterr().err
    assert backend_cli.main(["claim", path, "--device", "kitchen-1", "--replace"]) == 0
    assert backend_cli.main(["claim", path]) == 0
    assert "kitchen-1  until " in capsys.readouterr().out
    assert backend_cli.main(["claim", path, "--device", "kitchen-1", "--withdraw"]) == 0


def claimed(
    folder: ShopFolder, door: Place, shelf: Path, capsys: pytest.CaptureFixture[str], *words: str
) -> int:
    capsys.readouterr()
    assert backend_cli.main(["claim", str(folder.path), "--device", "kitchen-1", *words]) == 0
    text = capsys.readouterr().out.splitlines()[0].rpartition(": ")[2]
    return cli.main(["provision", str(shelf), "--claim", text, "--shop", f"localhost:{door.port}"])


@pytest.mark.parametrize("stolen", [False, True])
def test_a_code_says_that_the_key_before_was_stolen(
    folder: ShopFolder, door: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str], stolen: bool
) -> None:
    assert claimed(folder, door, tmp_path / "first", capsys) == 0
    words = ("--replace", *(["--old-key-stolen"] if stolen else []))
    assert claimed(folder, door, tmp_path / "second", capsys, *words) == 0
    with Shop.open(folder.database) as shop:
        device = shop.device("kitchen-1")
        assert device is not None
        [old] = device.old_keys
        assert (old.until_s == REFUSED_S) == stolen


def test_a_code_of_before_another_authority_is_named_and_a_new_one_brings_the_device_back(
    folder: ShopFolder, shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with EnrolmentService(folder) as service:
        door = Place("localhost", service.port)
        assert claimed(folder, door, tmp_path / "shelf", capsys) == 0
        code = code_for(shop, folder)
        anchor = first_word(door, code)
        begin_without_a_broker(folder)
        request = (tmp_path / "shelf" / "request.pem").read_bytes()
        assert refused("claim_outdated", first_word, door, code).next_step
        assert refused("claim_outdated", enrol, door, code, anchor, request)
    # The device was off until the old one was gone; the same folder, the same keys.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(authority_steps, "_waited_in_vain", lambda *_, **__: "")
        authority_steps.move(folder, force=True, now=datetime.now(UTC))
        authority_steps.drop(folder, force=True, now=datetime.now(UTC))
    key = (tmp_path / "shelf" / "var" / "keys" / "signing.pem").read_bytes()
    with EnrolmentService(folder) as service:
        door = Place("localhost", service.port)
        assert claimed(folder, door, tmp_path / "shelf", capsys, "--replace") == 0
    assert (tmp_path / "shelf" / "var" / "keys" / "signing.pem").read_bytes() == key
    trust = load_trust(Path(load_settings(tmp_path / "shelf" / "earmark.toml").paths.trust_file))
    assert trust.broker.ca_pem == folder.ca_certificate.read_text("ascii")


def begin_without_a_broker(folder: ShopFolder) -> None:
    make_successor(folder, now=datetime.now(UTC))
    announce(folder, trusted(folder))


def test_a_device_that_is_there_already_is_not_overwritten(
    folder: ShopFolder, shop: Shop, door: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shelf = tmp_path / "shelf"
    assert cli.main(["provision", str(shelf), "--device-id", "other", "--environment", "test"]) == 0
    before = (shelf / "earmark.toml").read_bytes()
    code = code_for(shop, folder)
    command = ["provision", str(shelf), "--claim", code.text, "--shop", f"localhost:{door.port}"]
    assert cli.main(command) != 0
    assert "provision_exists" in capsys.readouterr().err
    assert (shelf / "earmark.toml").read_bytes() == before
    for shop_at in ("", ":1", "localhost:", "localhost:x", "localhost:70000"):
        assert cli.main(["provision", str(tmp_path / "n"), "--claim", code.text, "--shop", shop_at]) != 0
        assert "claim_shop" in capsys.readouterr().err


def test_a_first_word_of_a_later_release_is_named(shop: Shop, folder: ShopFolder) -> None:
    code = code_for(shop, folder)
    text = msgspec.json.encode({"shop_id": "x", "new": 1}).decode()
    refused("claim_answer", code.believed, ClaimAnswer(text, code.mac(text)))


def test_the_day_is_that_of_the_shop(shop: Shop, folder: ShopFolder) -> None:
    code = code_for(shop, folder)
    later = int(datetime.now(UTC).timestamp()) + HOUR_S + 1
    refused("claim_expired", shop.claims.answer, code.name, now_s=later)


@pytest.mark.parametrize("database", [""])
def test_whoever_knocks_while_the_shop_cannot_answer_fills_no_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    desk = _EnrolmentDesk(bench.folder)

    def away() -> bytes:
        raise ConfigurationError("shop_database", "it is away")

    for _ in range(100):
        assert desk.answered("127.0.0.1", away)[0] == 503
    assert len(caplog.messages) == 7, "the first, and at powers of two"
    assert desk.answered("127.0.0.1", lambda: b"{}")[0] == 200
    desk.answered("127.0.0.1", away)
    assert len(caplog.messages) == 8, "and the next time anew"
