"""What every scene does: somebody speaks, the device answers, and something must be so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.plumbing import operator
from scripts.story.customers import ANNA, Customer
from scripts.story.stage import Stage

CONSENT = "yes, place my order."
LEARN = "yes, learn my voice."


class SceneError(Exception):
    """The scene went otherwise than it must."""


@dataclass(frozen=True)
class Scene:
    """`play` raises where anything went otherwise."""

    title: str
    play: Callable[[Stage], None]


def expect(held: bool, promise: str) -> None:
    """Raises SceneError with the promise that did not hold."""
    if not held:
        raise SceneError(promise)


def order(stage: Stage, who: Customer, words: str) -> str:
    """Says the wake phrase and an order; returns the device's answer as a listener hears it."""
    stage.says(who, f"okay nabu, {words}")
    return stage.answer()


def agree(stage: Stage, who: Customer = ANNA, words: str = CONSENT) -> str:
    stage.says(who, words)
    return stage.answer()


def enrol(stage: Stage) -> None:
    """Anna consents aloud and reads the sentences that the device asks for."""
    client = stage.connect()
    client.send(operator.Enrol(ANNA.name))
    stage.answer()
    stage.says(ANNA, LEARN)
    step: operator.EnrolStep = client.receive(operator.EnrolStep)
    while not step.done:
        stage.answer()
        stage.says(ANNA, step.text.removeprefix("Please say: ").removeprefix("Once more, please. Say: "))
        step = client.receive(operator.EnrolStep)
    stage.answer()
    client.close()
    expect(step.learned, "her voice is learned after her spoken consent")
