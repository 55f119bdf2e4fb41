"""The doctor's look at a site's broker and sensors. None of it stops orders by voice, so nothing is 'bad'."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent.commands.findings import Finding
from agent.commands.operators import OperatorClient
from agent.commands.sensors_shown import heard_how, what_mends
from agent.plumbing import operator
from agent.plumbing.errors import ConfigurationError, IpcError
from agent.plumbing.settings import Settings
from agent.sensing.site_bus import try_login

_STEPS = {
    "broker_not_listening": "start it, or mend [site_broker] host and port",
    "broker_name_unknown": "mend [site_broker] host, or name resolution",
    "broker_silent": "is it an MQTT 5 broker? a firewall may be between",
    "broker_unreachable": "mend [site_broker] host, or the network",
    "broker_login_refused": "mend [site_broker] username and password_file, or let that user in there",
    "broker_refused": "it takes no MQTT 5, or not the topics of [[sensors]]; the broker's log says which",
    "link_lost": "it hung up: mend [site_broker] tls and port; the broker's log says why",
    "tls_wrong_ca": "name its certificate authority in [site_broker] ca_file",
    "tls_wrong_host": "set [site_broker] host to the name in its certificate",
    "tls_expired": "renew its certificate",
    "tls_not_yet_valid": "check both clocks",
    "tls_version": "let it speak TLS 1.2 or newer",
    "tls_not_tls": "it speaks no TLS on that port: mend [site_broker] port or tls",
}


def site_broker(settings: Settings) -> Iterator[Finding]:
    """Whether the site's broker takes the login and the subscriptions that `sensors` would make."""
    if not settings.sensors:
        return
    site = settings.site_broker
    place = f"{site.host}:{site.port}"
    try:
        code = try_login(f"{settings.device.id}-doctor", site, [sensor.topic for sensor in settings.sensors])
    except ConfigurationError as error:
        detail = f"{error.detail} ({error.code}); nothing is proposed"
        yield Finding("site_broker", "note", detail, error.next_step)
        return
    if code:
        detail = f"{place}: {code}; nothing is proposed"
        yield Finding("site_broker", "note", detail, _STEPS.get(code, "the broker's log says why"))
    else:
        user = f"the login of {site.username}" if site.username else "a login without a name"
        yield Finding("site_broker", "ok", f"{place} takes {user}{' over TLS' if site.tls else ''}")


def sensors(settings: Settings) -> Iterator[Finding]:
    """When each sensor was read last, as the running device knows it; nothing where none runs."""
    if not settings.sensors:
        return
    try:
        client = OperatorClient(Path(settings.paths.state_dir))
    except IpcError:
        return  # said of the device itself
    shown: operator.OrdersShown = client.ask(operator.ShowOrders(1), operator.OrdersShown)
    client.close()
    for row in shown.sensors:
        code, step = what_mends(row)
        detail = f"{row.name}: {heard_how(row)}"
        if code and code != row.fault:
            detail = f"{detail} ({code}); nothing is proposed"
        yield Finding("sensors", "note" if code else "ok", detail, step)
