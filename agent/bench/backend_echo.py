"""The ceiling of `earmark bench backend`: a process in an order service's place that does no work, as
`python -m agent.bench.backend_echo FOLDER PORT BYTES`. Each intent is answered by so many bytes on dn/ack."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from agent.committing.envelope import down_topic, split_topic
from order_backend.folder import ShopFolder


def main() -> None:
    """Until it is killed."""
    folder, port, size = ShopFolder(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
    name, answer = folder.config().backend_name, b"x" * size
    context = ssl.create_default_context(cafile=str(folder.ca_certificate))
    context.load_cert_chain(*folder.replica_files(name))
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5, manual_ack=True)
    client.tls_set_context(context)

    def connected(
        client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        client.subscribe("$share/orders/va/v1/d/+/up/intent", qos=1)

    def subscribed(
        client: mqtt.Client, _: object, mid: int, reasons: list[ReasonCode], properties: object
    ) -> None:
        print(f"serving as {name}", flush=True)

    def message(client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        client.publish(down_topic(split_topic(message.topic)[0], "ack"), answer, qos=1)
        client.ack(message.mid, message.qos)

    client.on_connect, client.on_subscribe, client.on_message = connected, subscribed, message
    client.connect("localhost", port, keepalive=60)
    client.loop_forever()


if __name__ == "__main__":
    main()
