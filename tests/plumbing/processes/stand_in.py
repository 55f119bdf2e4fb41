"""A process of the device for tests of supervision: real wiring, real sandbox, no ears, no keys, no broker.

`python -m stand_in_till` and so on. Voice and uplink answer what the till sends them; the till answers
`AskHealth` on the operator socket after a round trip to both neighbours.
"""

from __future__ import annotations

import argparse
import socket
import threading
from pathlib import Path

from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import (
    OperatorListener,
    Peer,
    Publish,
    Published,
    Say,
    Spoken,
    Stop,
    SupervisorToProcess,
    TillToVoice,
)
from agent.plumbing.operator import AskHealth, Health
from agent.plumbing.sandbox import tighten


def main(name: str) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", type=Path)
    parser.add_argument("--control-fd", type=int)
    control = IpcConnection(socket.socket(fileno=parser.parse_args().control_fd), peer="supervisor")
    tighten(name)
    neighbours: dict[str, IpcConnection] = {}
    while True:
        try:
            message, fds = control.receive(SupervisorToProcess)
        except EOFError:
            return
        match message:
            case Peer(name=peer):
                neighbours[peer] = IpcConnection(socket.socket(fileno=fds[0]), peer=peer)
                if name != "till":
                    threading.Thread(target=_answer, args=(name, neighbours[peer]), daemon=True).start()
            case OperatorListener():
                listener = socket.socket(fileno=fds[0])
                threading.Thread(target=_serve, args=(listener, neighbours), daemon=True).start()
            case Stop():
                return


def _answer(name: str, till: IpcConnection) -> None:
    try:
        while True:
            if name == "voice":
                till.send(Spoken(till.receive(TillToVoice)[0].say_id))
            else:
                till.send(Published(till.receive(Publish)[0].ref))
    except EOFError:
        return


def _serve(listener: socket.socket, neighbours: dict[str, IpcConnection]) -> None:
    while True:
        with IpcConnection(listener.accept()[0], peer="operator") as operator:
            operator.receive(AskHealth)
            operator.send(
                Health(
                    voice=_asked(neighbours.get("voice"), Say(1, "hello", "en"), Spoken),
                    grammar="",
                    broker=_asked(neighbours.get("uplink"), Publish("1", "t", b""), Published),
                    broker_reason="",
                    clock_trusted=False,
                    queued=0,
                )
            )


def _asked(
    neighbour: IpcConnection | None, question: Say | Publish, answer: type[Spoken | Published]
) -> bool:
    if neighbour is None:
        return False
    try:
        neighbour.send(question)
        return isinstance(neighbour.receive(answer)[0], answer)
    except EOFError:
        return False
