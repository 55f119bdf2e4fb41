"""The process with the network: carries bytes between the till and the broker and never looks inside.

What may be lost here, and why that is harmless: a `Publish` that comes while there is no session is
dropped, because the till's outbox sends again when the link is up. A message from the broker is
acknowledged once it is written to the till's socket; while there is no till, up to Receive Maximum of them
wait unacknowledged. A till that dies with a receipt unread loses it, and gets it again, because its
successor resends the intent and the shop replays the receipt.
"""

from __future__ import annotations

import contextlib
import os
import queue
import random
import socket
import ssl
import sys
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from agent.committing.broker_authorities import keep_authorities, kept_authorities
from agent.committing.client_identity import FOLDER, ClientIdentity
from agent.committing.envelope import (
    LARGEST_PAYLOAD_BYTES,
    catalogue_topic,
    device_base,
    part_topic,
    shop_topic,
)
from agent.committing.mqtt_link import Acknowledged, Incoming, LinkEvent, MqttLink
from agent.committing.trust import load_trust
from agent.plumbing import audit
from agent.plumbing.errors import IpcError, TrustError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import (
    CertificateRequest,
    FetchParts,
    LinkState,
    Message,
    Peer,
    Presence,
    Publish,
    Published,
    Received,
    RequestCertificate,
    Stop,
    SupervisorToProcess,
    TillToUplink,
    UseAuthorities,
    UseCertificate,
)
from agent.plumbing.mqtt_client import Down, Up
from agent.plumbing.process_main import run_process
from agent.plumbing.settings import Settings
from agent.plumbing.solitude import Solitude

_STEP_S = 1.0
_MOST_WAITING = 32


class Uplink:
    """One till at a time, one MQTT session. Readers run in threads; everything else in `run`."""

    def __init__(
        self,
        settings: Settings,
        link: MqttLink,
        control: IpcConnection,
        identity: ClientIdentity,
        shop_id: str,
        stepped: Callable[[], None] = lambda: None,
        keep_authorities: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`stepped` is called after each step of the link (the watchdog's heartbeat); `keep_authorities` with
        those (PEM) that the till has named."""
        self._stepped, self._identity, self._keep_authorities = stepped, identity, keep_authorities
        self._base = device_base(settings.device.id) + "up/"
        self._shop_id = shop_id
        link.read([catalogue_topic(shop_id)])
        self._link, self._control = link, control
        self._till: IpcConnection | None = None
        self._waiting: deque[Incoming] = deque()
        self._state = LinkState(connected=False, reason="starting")
        self._inbox: queue.SimpleQueue[tuple[IpcConnection, Message | None, tuple[int, ...]]] = (
            queue.SimpleQueue()
        )
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._alone = Solitude()

    def run(self) -> None:
        """Until `Stop`, or the supervisor is gone. Raises IpcError till_gone when the till went and none has
        come since."""
        self._read(self._control, SupervisorToProcess)
        try:
            while self._handle_inbox():
                if self._alone.too_long:
                    raise IpcError("till_gone", "the till went and no other has come")
                for event in self._link.step(self._wake_read.fileno(), _STEP_S):
                    self._from_broker(event)
                self._stepped()
        finally:
            self._link.close()

    def _read(self, connection: IpcConnection, types: object) -> None:
        def forever() -> None:
            try:
                while True:
                    message, fds = connection.receive(types)  # type: ignore[call-overload]
                    self._inbox.put((connection, message, fds))
                    self._wake_write.send(b"!")
            except (EOFError, IpcError):
                self._inbox.put((connection, None, ()))
                self._wake_write.send(b"!")

        threading.Thread(target=forever, daemon=True).start()

    def _handle_inbox(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            while self._wake_read.recv(4096):
                pass
        with contextlib.suppress(queue.Empty):
            while True:
                connection, message, fds = self._inbox.get_nowait()
                if connection is self._control:
                    if message is None or isinstance(message, Stop):
                        return False
                    self._from_supervisor(message, fds)
                elif message is None:
                    self._lose_till(connection)
                elif connection is self._till:
                    self._from_till(message)
        return True

    def _from_till(self, message: Message) -> None:
        try:
            match message:
                case Publish():
                    self._publish(message)
                case FetchParts(parts=parts):
                    self._read_parts(parts)
                case Presence():
                    self._link.be_present(message)
                case RequestCertificate():
                    self._tell(CertificateRequest(self._identity.request().decode("ascii")))
                case UseCertificate(pem=pem):
                    self._identity.accept(pem.encode())
                    self._link.use(self._identity.context())
                case UseAuthorities(pem=pem):
                    dropped = self._identity.believe(pem)
                    self._keep_authorities(pem)
                    self._link.believe(self._identity.context(), leave=dropped)
                    self._tell_certificate()
        except TrustError as error:
            audit.log(error.code, detail=error.detail)
            self._tell(CertificateRequest("", error.code))

    def _from_supervisor(self, message: Message, fds: tuple[int, ...]) -> None:
        if not isinstance(message, Peer) or message.name != "till":
            for fd in fds:
                os.close(fd)
            return
        if self._till is not None:
            self._lose_till(self._till)
        self._till = IpcConnection(socket.socket(fileno=fds[0]), peer="till")
        self._alone.end()
        self._read(self._till, TillToUplink)
        self._tell_certificate()  # before the state: what it shows stands in the presence that is signed then
        self._tell(self._state)
        if self._link.connected:
            self._link.announce()  # a new till wants the time, and the shop answers a birth with it
        # The one before may have died with keys, authorities or limits unread, which are acknowledged.
        self._link.read_again()
        self._read_parts((), anew=True)  # what it wants it will say, and it may not know of the newest
        waiting, self._waiting = self._waiting, deque()
        for received in waiting:
            self._hand_over(received)

    def _read_parts(self, parts: tuple[str, ...], *, anew: bool = False) -> None:
        topics = [part_topic(self._shop_id, sha256) for sha256 in parts]
        self._link.read([catalogue_topic(self._shop_id), *topics], anew=anew)

    def _publish(self, message: Publish) -> None:
        if not message.topic.startswith(self._base) or any(sign in message.topic for sign in "+#\0"):
            audit.log("uplink_topic_refused", topic=message.topic)
        elif not self._link.publish(message.ref, message.topic, message.payload, retain=message.retain):
            audit.log("uplink_not_published", topic=message.topic, bytes=len(message.payload))

    def _from_broker(self, event: LinkEvent) -> None:
        match event:
            case Up():
                self._identity.connected()
                self._tell_certificate()
                self._set_state(LinkState(connected=True))
            case Down(reason=reason):
                self._waiting.clear()  # unacknowledged: the broker sends them again
                self._set_state(LinkState(connected=False, reason=reason))
            case Acknowledged(ref=ref):
                self._tell(Published(ref))
            case Incoming():
                self._hand_over(event)

    def _hand_over(self, message: Incoming) -> None:
        if len(message.payload) > LARGEST_PAYLOAD_BYTES:
            audit.log("uplink_message_too_long", topic=message.topic, bytes=len(message.payload))
            self._link.done(message)
        elif self._till is None:
            if message.qos > 0 and len(self._waiting) < _MOST_WAITING:
                self._waiting.append(message)
        elif self._tell(Received(message.topic, message.payload)):
            self._link.done(message)
        else:
            self._waiting.append(message)

    def _set_state(self, state: LinkState) -> None:
        self._state = state
        audit.log("broker_connected" if state.connected else "broker_lost", reason=state.reason)
        self._tell(state)

    def _tell_certificate(self) -> None:
        self._tell(self._identity.shown())

    def _tell(self, message: Message) -> bool:
        if self._till is None:
            return False
        try:
            self._till.send(message)
        except (EOFError, IpcError):
            self._lose_till(self._till)
            return False
        return True

    def _lose_till(self, connection: IpcConnection) -> None:
        connection.close()
        if connection is self._till:
            self._till = None
            self._alone.begin()


def _prepare(settings: Settings, control: IpcConnection, alive: Callable[[], None]) -> Callable[[], None]:
    paths = settings.paths
    trust = load_trust(Path(paths.trust_file))
    folder = Path(paths.state_dir) / FOLDER
    ca_pem = kept_authorities(folder, trust.broker)
    identity = ClientIdentity(Path(paths.keys_dir), Path(paths.state_dir), settings.device.id, ca_pem)

    def another() -> ssl.SSLContext | None:
        return identity.context() if identity.refused() else None

    link = MqttLink(
        settings.device.id,
        settings.broker,
        identity.context(),
        jitter=random.random,
        shop_topics=tuple(shop_topic(trust.shop_id, what) for what in ("trust", "authorities")),
        refused=another,
    )
    keep = partial(keep_authorities, folder, trust.broker)
    return Uplink(settings, link, control, identity, trust.shop_id, alive, keep).run


def main(arguments: list[str] | None = None) -> int:
    """`python -m agent.committing.uplink --settings FILE (--control-fd N | --till PATH)`, by the launcher."""
    return run_process("uplink", _prepare, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
