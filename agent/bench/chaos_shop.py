"""A replica of the shop whose clock can be moved, as a process: `python -m agent.bench.chaos_shop DIR NAME
PORT`."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from agent.bench.chaos_files import ChaosFiles
from order_backend.folder import ShopFolder
from order_backend.service import OrderService


def main() -> None:
    """Takes orders until it is killed."""
    root, name, port = sys.argv[1:4]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    files = ChaosFiles(Path(root))

    def wall_clock() -> float:
        return time.time() + files.weather().clocks.get(name, 0.0)

    OrderService(
        ShopFolder(files.shop), name=name, port=int(port), wall_clock=wall_clock, reconnect_s=0.2
    ).run()


if __name__ == "__main__":
    main()
