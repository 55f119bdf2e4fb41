"""Where the attacks of `earmark bench attacks` are made: a real shop, its broker and its order service,
devices with real keys, and clients that say whatever an attacker wants."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from joserfc.jwk import ECKey
from paho.mqtt.enums import CallbackAPIVersion

import order_backend
from agent.bench.chaos_shim import unchecked_claims
from agent.committing import jws, sd_jwt
from agent.committing.envelope import (
    INTENT,
    QUERY,
    IntentData,
    QueryData,
    encode_event,
    up_topic,
)
from agent.committing.intents import sign_intent
from agent.committing.keys import (
    MQTT_CERTIFICATE,
    MQTT_KEY,
    SIGNING_KEY,
    FileKeyStore,
    create_device_keys,
    store_client_certificate,
)
from agent.committing.tls import client_context
from agent.committing.trust import Environment, load_trust
from agent.deciding.basket import AgreedOrder, Basket
from agent.deciding.catalogue import parse_catalogue
from order_backend.authority_steps import begin, drop, move
from order_backend.broker import PrivateBroker
from order_backend.provisioning import admit, create_shop
from order_backend.service import OrderService
from order_backend.shop import Shop

PATIENCE_S = 120.0
DEVICE, VICTIM, REVOKED = "device-1", "device-2", "device-3"
LIFETIME_S = 600
CATALOGUE = Path(order_backend.__file__).parent / "catalogues" / "corner_shop.json"

Claims = dict[str, Any]
Edit = Callable[[Claims, Claims], None]


class Client:
    """An MQTT client with a device's certificate, that says what became of what it did."""

    def __init__(self, context: ssl.SSLContext, client_id: str, port: int) -> None:
        self.messages: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.ended: queue.Queue[int] = queue.Queue()
        self._answers: queue.Queue[int] = queue.Queue()
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        client.tls_set_context(context)
        client.on_connect = lambda c, u, f, reason, p: self._answers.put(reason.value)
        client.on_subscribe = lambda c, u, m, reasons, p: self._answers.put(reasons[0].value)
        client.on_publish = lambda c, u, m, reason, p: self._answers.put(reason.value)
        client.on_disconnect = lambda c, u, f, reason, p: self.ended.put(reason.value)
        client.on_message = lambda c, u, message: self.messages.put(message)
        client.connect("localhost", port, keepalive=30)
        client.loop_start()
        self._client = client
        self._answers.get(timeout=PATIENCE_S)

    def publish(self, topic: str, payload: bytes) -> int:
        """The PUBACK's reason code."""
        self._client.publish(topic, payload, qos=1)
        return self._answers.get(timeout=PATIENCE_S)

    def fire(self, topic: str, payload: bytes) -> mqtt.MQTTMessageInfo:
        """Does not wait for any answer."""
        return self._client.publish(topic, payload, qos=0)

    def throw(self, topic: str, payload: bytes) -> int:
        """The reason with which the broker hangs up on it."""
        self._client.publish(topic, payload, qos=1)
        return self.ended.get(timeout=PATIENCE_S)

    def subscribe(self, topic: str) -> int:
        """The SUBACK's reason code."""
        self._client.subscribe(topic, qos=1)
        return self._answers.get(timeout=PATIENCE_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Lab:
    """`with Lab(folder) as lab:`. The devices' signing keys are read from where the devices keep them."""

    def __init__(self, root: Path, environment: Environment = "test") -> None:
        self.root, self.environment = root, environment
        self.folder = create_shop(
            root / "shop",
            shop_name="Attacked",
            environment=environment,
            catalogue=CATALOGUE,
            now=datetime.now(UTC),
        )
        self.catalogue = parse_catalogue(CATALOGUE.read_bytes())
        for name in (DEVICE, VICTIM, REVOKED):
            admission = admit(self.folder, name, create_device_keys(root / name, name), now=datetime.now(UTC))
            store_client_certificate(root / name, admission.certificate_pem)
            (root / name / "trust.json").write_bytes(admission.trust.to_bytes())
        self.trust = load_trust(root / DEVICE / "trust.json")
        self.logged: list[str] = []
        self._broker = PrivateBroker(self.folder)
        self.port = self._broker.port
        self._service = OrderService(self.folder, port=self.port)
        self._thread = threading.Thread(target=self._service.run)
        self._shop: Shop | None = None

    def __enter__(self) -> Lab:
        handler = _Lines(self.logged)
        log = logging.getLogger("order_backend")
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        self._broker.start()
        self._thread.start()
        self._service.connected.wait(PATIENCE_S)
        self._shop = Shop.open(self.folder.database)
        return self

    def __exit__(self, *_: object) -> None:
        self._service.stop()
        self._thread.join(PATIENCE_S)
        self._broker.ask_to_stop()
        self._broker.stop()
        if self._shop is not None:
            self._shop.close()

    @property
    def shop(self) -> Shop:
        """Its database, beside the service's own connection."""
        assert self._shop is not None  # noqa: S101
        return self._shop

    def replace_authority(self) -> None:
        """By the operator's own steps, to the end: the one that was there counts no more."""
        threading.Thread(target=self._broker.serve, daemon=True).start()  # restarts it when it is asked to
        now = datetime.now(UTC)
        begin(self.folder, port=self.port, now=now)
        move(self.folder, force=True, port=self.port, now=now)
        drop(self.folder, force=True, port=self.port, now=now)

    def broker_log(self) -> list[str]:
        """What the broker has written so far."""
        return (self.folder.broker / "broker.log").read_text(errors="replace").splitlines()

    def broker_says(self, words: str, *, since: int) -> bool:
        """Whether they stand in the broker's log after so many lines, now or before long."""
        deadline = time.monotonic() + PATIENCE_S
        while not any(words in line for line in self.broker_log()[since:]):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def orders(self) -> int:
        """How many the shop has placed."""
        return len(self.shop.orders(10_000))

    def context(self, device: str) -> ssl.SSLContext:
        """The device's TLS: its certificate and key, and the shop's authority."""
        keys = self.root / device
        return client_context(
            self.folder.ca_certificate.read_text("ascii"), keys / MQTT_CERTIFICATE, keys / MQTT_KEY
        )

    @contextlib.contextmanager
    def connected(self, device: str) -> Iterator[Client]:
        """A client with that device's certificate, which reads the device's answers."""
        client = Client(self.context(device), device, self.port)
        client.subscribe(f"va/v1/d/{device}/dn/+")
        try:
            yield client
        finally:
            client.close()

    def signing_key(self, device: str = DEVICE) -> ECKey:
        """What a stolen device's disk holds."""
        return jws.import_private_key((self.root / device / SIGNING_KEY).read_bytes())

    def intent(self, device: str = DEVICE, *, order: AgreedOrder | None = None, now_s: int = 0) -> bytes:
        """An honest one, signed now."""
        return sign_intent(
            order or self.order(),
            keys=FileKeyStore.load(self.root / device),
            trust=self.trust,
            device_id=device,
            environment=self.environment,
            now_s=now_s or int(time.time()),
            lifetime_s=LIFETIME_S,
            intent_id=uuid.uuid4(),
        ).payload

    def order(self, title: str = "", person: str = "person-1") -> AgreedOrder:
        """Two of the sample shop's coffees, under a title of one's own."""
        line = self.catalogue.line("coffee", {"roast": "dark"}, 2, "en")
        if title:
            line = msgspec.structs.replace(line, title=title)
        return AgreedOrder(Basket((line,), self.catalogue.version), person, ("voice",), str(uuid.uuid4()))

    def edited(self, edit: Edit, *, key: ECKey | None = None, source: str = DEVICE) -> bytes:
        """An honest intent whose claims were changed before the device's own key (or `key`) signed them."""
        checkout, payment = self.claims()
        edit(checkout, payment)
        key = key or self.signing_key()
        new = sd_jwt.issue(checkout, key)
        for constraint in payment["constraints"]:
            if constraint["type"] == "payment.reference":
                constraint["conditional_transaction_id"] = sd_jwt.digest(new)
        return self.event(IntentData(new, sd_jwt.issue(payment, key)), str(checkout["jti"]), source)

    def claims(self) -> tuple[Claims, Claims]:
        """Of an honest intent's two mandates."""
        data = self.tokens(self.intent())
        return unchecked_claims(data.checkout), unchecked_claims(data.payment)

    @staticmethod
    def tokens(payload: bytes) -> IntentData:
        """An intent's two mandates."""
        return IntentData(**json.loads(payload)["data"])

    @staticmethod
    def event(data: IntentData, intent_id: str, source: str = DEVICE) -> bytes:
        """Them under an envelope."""
        now_s = int(time.time())
        return encode_event(INTENT, id_=uuid.UUID(intent_id), source=source, now_s=now_s, data=data)

    def sent(self, client: Client, payload: bytes, device: str = DEVICE) -> str:
        """What the shop answers to an intent: its error, 'ordered', or 'no_answer' where it says nothing
        about it before it answers a question that came later."""
        client.publish(up_topic(device, "intent"), payload)
        return self.answer(client, str(json.loads(payload)["id"]), device)

    def answer(self, client: Client, intent_id: str, device: str = DEVICE) -> str:
        """As `sent`, of what has been published already."""
        marker = str(uuid.uuid4())
        question = encode_event(
            QUERY, id_=uuid.uuid4(), source=device, now_s=int(time.time()), data=QueryData(marker)
        )
        client.publish(up_topic(device, "query"), question)
        found = "no_answer"
        while True:
            message = client.messages.get(timeout=PATIENCE_S)
            claims = self.read(bytes(message.payload))
            if claims.get("intent") == marker:
                return found
            if claims.get("intent") == intent_id and message.topic.endswith("/ack"):
                found = str(claims.get("error") or "ordered")

    @staticmethod
    def read(payload: bytes) -> Claims:
        """What an answer of the shop claims; the lab is no device and believes it."""
        event = json.loads(payload)
        signed = event.get("data", {}).get("signed")
        return unchecked_claims(signed) if signed else {}


class _Lines(logging.Handler):
    """Keeps what is logged, as its lines would stand in a file."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines += self.format(record).split("\n")
