"""What the shop's private mosquitto reads: its settings, and the access list that binds each certificate to
its own topics."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable
from pathlib import Path

from order_backend.authorities import write_trusted
from order_backend.echo import echo_topic
from order_backend.folder import ShopConfig, ShopFolder, alone, write_file

SAVES_EVERY_S = 10
"""Retained messages and sessions younger than this are lost with a broker that is killed."""


def write_access_list(folder: ShopFolder) -> Path:
    """As the replicas are now: of two at once the one that writes last has looked last. The broker reads it
    when it starts or reloads."""
    access = folder.broker / "access.acl"
    with alone(folder.services_lock):
        write_file(access, access_list(folder.config(), folder.replicas()).encode(), private=True)
    return access


def write_broker_files(folder: ShopFolder, port: int) -> os.PathLike[str]:
    """mosquitto.conf and its access list in the shop's folder; the path of the former."""
    state = folder.broker / "state"
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    access = write_access_list(folder)
    configuration = f"""\
listener {port} 127.0.0.1
cafile {write_trusted(folder)}
certfile {folder.broker_certificate}
keyfile {folder.broker_key}
crlfile {folder.revocations}
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
use_username_as_clientid true
allow_anonymous false
acl_file {access}
user {pwd.getpwuid(os.geteuid()).pw_name}
persistence true
persistence_location {state}/
autosave_interval {SAVES_EVERY_S}
persistent_client_expiration 7d
max_packet_size 131072
set_tcp_nodelay true
max_inflight_messages 10
max_queued_messages 1000
max_keepalive 1200
log_dest stderr
log_type error
log_type warning
log_type notice
"""
    path = folder.broker / "mosquitto.conf"
    write_file(path, configuration.encode())
    return path


def access_list(config: ShopConfig, replicas: Iterable[str]) -> str:
    """`%u` is the certificate's CN: a device writes its own up/ and reads its own dn/, whatever it is
    called. An order service hears itself, and nobody else does."""
    services = "".join(
        f"""\
user {name}
topic read va/v1/d/+/up/#
topic write va/v1/d/+/dn/#
topic write va/v1/b/{config.shop_id}/#
topic readwrite {echo_topic(name)}

"""
        for name in replicas
    )
    return f"""\
{services}pattern write va/v1/d/%u/up/#
pattern read va/v1/d/%u/dn/#
pattern read va/v1/b/{config.shop_id}/#
"""
