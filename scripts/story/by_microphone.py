"""`scripts/demo --mic`: the same shop and device, with a person at the microphone."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from agent.commands.operators import OperatorClient
from agent.plumbing import operator
from agent.plumbing.errors import EarmarkError
from agent.plumbing.settings_file import load_settings
from agent.plumbing.supervisor import Supervisor
from scripts.story.corner_shop import CornerShop, SetupError

WHAT_TO_SAY = """
Now order something, for example:
  okay nabu, order two bags of dark roast coffee
  yes, place my order
There is also: green tea, milk, butter, rice, orange juice, dog food ... Ctrl-C ends it.
"""


def talk(keep: Path | None) -> int:
    """Enrols the person at the microphone, then takes orders until Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="earmark-demo-") as temporary:
        try:
            return _talk(keep or Path(temporary))
        except (EarmarkError, SetupError) as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1


def _talk(folder: Path) -> int:
    shop = CornerShop(folder)
    try:
        settings_file = shop.admit(extra_settings="")
        with Supervisor(settings_file) as device:
            device.wait_ready()
            _enrol(Path(load_settings(settings_file).paths.state_dir))
            print(WHAT_TO_SAY, flush=True)
            device.run_until_signal()
        for order in shop.orders():
            print(f"at the shop: {order.order_id} {order.lines}")
    finally:
        shop.close()
    return 0


def _enrol(state_dir: Path) -> None:
    client = OperatorClient(state_dir)
    client.send(operator.Enrol("friend"))
    print("The device asks for your consent now. Answer: yes, learn my voice.", flush=True)
    while True:
        step: operator.EnrolStep = client.receive(operator.EnrolStep)
        print(f"  {step.text}", flush=True)
        if step.done:
            client.close()
            return
