"""The counter of a chaos run's shop, where orders are handed over and stand from then on, as a process:
`python -m agent.bench.chaos_counter DIR INCARNATION`."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from agent.bench.chaos_files import ChaosFiles
from agent.bench.chaos_plan import End
from agent.plumbing.errors import ConfigurationError
from order_backend.database import DatabaseError
from order_backend.folder import ShopFolder
from order_backend.shop import Shop

_LOOK_EVERY_S = 0.5
_WAITED_FOR_S = 20.0
"""An order that has not come by then is not handed over."""


def main() -> None:
    """Hands over what the plan says, until it is killed; a database that is away is waited for."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    files = ChaosFiles(Path(sys.argv[1]))
    waiting = list(files.read_plan().hand_overs)
    while True:
        try:
            with Shop.open(ShopFolder(files.shop).database) as shop:
                while True:
                    now_s = files.elapsed_s()
                    waiting = [
                        end for end in waiting if end.at_s > now_s or not _is_over(shop, end, now_s=now_s)
                    ]
                    time.sleep(_LOOK_EVERY_S)
        except (ConfigurationError, DatabaseError) as error:
            logging.info("%s", error)
            time.sleep(_LOOK_EVERY_S)


def _is_over(shop: Shop, end: End, *, now_s: float) -> bool:
    """Whether nothing is left to be done."""
    found = (shop.order(end.device, id_) for id_ in end.ids)
    order = next((order for order in found if order is not None), None)
    if order is None:
        return now_s > end.at_s + _WAITED_FOR_S
    with shop.transaction(end.device, order.intent_id):
        shop.ends.put(order.order_id, "accepted", now_s=int(time.time()))
    return True


if __name__ == "__main__":
    main()
