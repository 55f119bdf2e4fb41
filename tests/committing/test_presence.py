"""A device says that it is there, signed; the shop believes nothing else of it."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from agent.committing.envelope import STATUS, StatusData, decode_data, decode_event, encode_event
from agent.committing.mqtt_link import MqttLink
from agent.committing.statements import StatusClaims
from agent.committing.tls import client_context
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import ClientCertificate, LinkState, Presence
from agent.plumbing.settings import Broker
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.presences import Presences
from tests.committing.kit import DEVICE, NOW_S, Bench
from tests.committing.network import PATIENCE_S, RawClient, UplinkProcess, write_settings

SESSIONS = [str(uuid.UUID(int=number)) for number in range(3)]


def claims(online: bool, *, session: int = 0, iat: int = NOW_S) -> StatusClaims:
    return StatusClaims(
        jti=str(uuid.uuid4()), iss=DEVICE, aud="corner-shop", env="test", iat=iat, exp=iat + 3_600,
        online=online, session=SESSIONS[session],
    )  # fmt: skip


def test_birth_and_will_are_one_session_signed_once(bench: Bench) -> None:
    assert bench.road.presence.pair() is None, "without the time nothing is signed"
    bench.trust_time()
    pair = bench.road.presence.pair()
    assert pair is not None and bench.road.presence.pair() is pair
    birth, will = (bench.desk.status(DEVICE, payload, now_s=NOW_S) for payload in (pair.online, pair.offline))
    assert birth is not None and will is not None
    assert (birth.online, will.online) == (True, False) and birth.session == will.session
    bench.restart_device()
    again = bench.road.presence.pair()
    assert again is not None
    anew = bench.desk.status(DEVICE, again.online, now_s=NOW_S)
    assert anew is not None and anew.session != birth.session


def test_what_it_holds_is_told_also_after_its_clock_was_two_days_ahead(bench: Bench) -> None:
    bench.clocks.wall_s, bench.clocks.synchronised = NOW_S + 2 * 86_400, True
    before = bench.road.presence.pair()
    bench.clocks.wall_s, bench.clocks.synchronised = NOW_S, False
    bench.trust_time()
    bench.road.renewal.certificate(ClientCertificate(NOW_S, NOW_S + 86_400, "abc", "authority"))
    after = bench.road.presence.pair()
    assert before is not None and after is not None and after is not before
    told = bench.desk.status(DEVICE, after.online, now_s=NOW_S)
    assert told is not None and (told.certificate, told.iat) == ("abc", NOW_S)


def test_what_is_not_signed_is_not_believed(bench: Bench) -> None:
    unsigned = encode_event(STATUS, id_=uuid.uuid4(), source=DEVICE, now_s=NOW_S, data=StatusData(True))
    assert bench.desk.status(DEVICE, unsigned, now_s=NOW_S) is None
    presences = Presences()
    assert [presences.take(DEVICE, None, now_s=NOW_S) for _ in range(2)] == ["unsigned", "unchanged"]
    assert presences.online() == []
    presences.take(DEVICE, claims(True), now_s=NOW_S)
    presences.take(DEVICE, None, now_s=NOW_S)
    assert presences.online() == [DEVICE], "nor does it take anything back"


def test_what_is_signed_cannot_be_turned_into_its_opposite(bench: Bench) -> None:
    bench.trust_time()
    pair = bench.road.presence.pair()
    assert pair is not None
    event = decode_event(pair.online, STATUS)
    data = msgspec.structs.replace(decode_data(event, StatusData), online=False)
    turned = msgspec.structs.replace(event, data=msgspec.Raw(msgspec.json.encode(data)))
    with pytest.raises(TrustError) as error:
        bench.desk.status(DEVICE, msgspec.json.encode(turned), now_s=NOW_S)
    assert error.value.code == "statement_mismatch"
    with pytest.raises(TrustError):
        bench.desk.status("device-2", pair.online, now_s=NOW_S)


def test_of_two_sessions_the_later_counts_and_within_one_the_last_word() -> None:
    presences = Presences()

    def take(online: bool, session: int, iat: int) -> str:
        return presences.take(DEVICE, claims(online, session=session, iat=iat), now_s=NOW_S)

    assert take(True, 0, NOW_S - 10) == "online"
    assert take(False, 0, NOW_S - 10) == "offline"
    assert take(True, 0, NOW_S - 10) == "online"
    assert take(True, 1, NOW_S) == "unchanged"
    assert take(False, 0, NOW_S - 10) == "stale", "the will of a session that is over comes late, or again"
    assert presences.online() == [DEVICE]
    assert take(False, 1, NOW_S) == "offline" and presences.online() == []
    assert presences.take(DEVICE, claims(True, session=2, iat=NOW_S - 3_600), now_s=NOW_S) == "stale"


@pytest.fixture
def status(folder: ShopFolder, broker: PrivateBroker) -> Iterator[Callable[[], bytes]]:
    """What comes next on the device's status topic."""
    context = client_context(
        folder.ca_certificate.read_text(), folder.backend_certificate, folder.backend_key
    )
    watcher = RawClient(context, folder.config().backend_name, broker.port)
    watcher.subscribe(f"va/v1/d/{DEVICE}/up/status")
    yield lambda: bytes(watcher.messages.get(timeout=PATIENCE_S).payload)
    watcher.close()


def until(status: Callable[[], bytes], payload: bytes) -> None:
    while status() != payload:
        pass


def test_the_uplink_says_what_was_signed_when_it_has_it(
    status: Callable[[], bytes], broker: PrivateBroker, tmp_path: Path
) -> None:
    uplink = UplinkProcess(write_settings(tmp_path, broker.port))
    uplink.next(LinkState, lambda state: state.connected)
    assert decode_data(decode_event(status(), STATUS), StatusData) == StatusData(True)
    pair = Presence(b'{"there": true}', b'{"there": false}')
    uplink.till.send(pair)
    until(status, pair.online)
    assert uplink.stop() == 0
    until(status, pair.offline)


def test_the_will_of_the_next_connection_is_the_signed_one() -> None:
    link = MqttLink(DEVICE, Broker(), ssl.create_default_context(), jitter=lambda: 0.0)
    pair = Presence(b'{"there": true}', b'{"there": false}')
    link._ask(Properties(PacketTypes.CONNECT))  # type: ignore[no-untyped-call]
    assert decode_data(decode_event(link._client._will_payload, STATUS), StatusData) == StatusData(False)
    link.be_present(pair)
    link._ask(Properties(PacketTypes.CONNECT))  # type: ignore[no-untyped-call]
    assert link._client._will_payload == pair.offline
