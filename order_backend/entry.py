"""`earmark-backend` as it is installed: says what is missing where only the device's packages are there."""

from __future__ import annotations

import sys

_OF_THE_SHOP = frozenset({"psycopg", "sqlalchemy"})


def main() -> int:
    """As `order_backend.cli.main`; 1 with what to install where a package of the extra `shop` is missing."""
    try:
        from order_backend.cli import main as run
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _OF_THE_SHOP:
            raise
        print(
            f"earmark-backend: shop_packages_missing: no {missing} here -> pip install 'earmark-agent[shop]'",
            file=sys.stderr,
        )
        return 1
    return run()
