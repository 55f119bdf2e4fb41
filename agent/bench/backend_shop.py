"""An order service of `earmark bench backend`, as a process: `python -m agent.bench.backend_shop FOLDER NAME
PORT`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from order_backend.folder import ShopFolder
from order_backend.service import OrderService


def main() -> None:
    """Takes orders until it is killed, as `earmark-backend run` does."""
    folder, name, port = sys.argv[1:4]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    OrderService(ShopFolder(Path(folder)), name=name, port=int(port)).run()


if __name__ == "__main__":
    main()
