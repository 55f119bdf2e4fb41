"""`earmark-backend promotions` and `earmark-backend delivery`: what devices are told that ask."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime, time

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.terminal import plain
from order_backend.deliveries import Rule
from order_backend.folder import ShopFolder
from order_backend.prices import newest_price_list
from order_backend.shop import Shop

LANGUAGES = {"en": "in English", "pl": "in Polish"}
LONGEST_WORDS = 200


def add_promotions_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `promotions`."""
    for language, text in LANGUAGES.items():
        parser.add_argument(f"--{language}", type=_words, metavar="WORDS", help=f"a new one, {text}")
    parser.add_argument("--item", metavar="ID", default="", help="what it is about, as orders name it")
    parser.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="its last day")
    parser.add_argument("--remove", type=int, metavar="NUMBER", help="it does not hold any more")


def add_delivery_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `delivery`."""
    parser.add_argument("--days", type=_days, metavar="N", help="business days from order to doorstep")
    parser.add_argument(
        "--cut-off", type=_time, metavar="HH:MM", help="what is ordered later counts for the next day (UTC)"
    )
    parser.add_argument("--as-in-shop-json", action="store_true", help="its delivery_business_days again")


def promotions(options: argparse.Namespace) -> int:
    """Adds, removes and shows. Raises ConfigurationError: promotion_item, promotion_unknown."""
    folder: ShopFolder = options.folder
    words = {language: getattr(options, language) for language in LANGUAGES if getattr(options, language)}
    today = datetime.now(UTC).date().isoformat()
    with Shop.open(folder.database) as shop:
        if options.item and newest_price_list(folder, shop).unit_price(options.item) is None:
            raise ConfigurationError("promotion_item", f"{options.item!r} is not sold here")
        if words:
            shop.promotions.add(options.item, words, options.until or "")
        if options.remove is not None and not shop.promotions.remove(options.remove):
            raise ConfigurationError(
                "promotion_unknown",
                f"no promotion {options.remove}",
                f"earmark-backend promotions {folder.path}",
            )
        for one in shop.promotions.on(today):
            until = f"  until {one.until}" if one.until else ""
            print(plain(f"{one.number}  {one.product or '-'}  {' / '.join(one.words.values())}{until}"))
    return 0


def delivery(options: argparse.Namespace) -> int:
    """Sets and shows."""
    folder: ShopFolder = options.folder
    config = folder.config()
    with Shop.open(folder.database) as shop:
        with shop.transaction("delivery"):
            rule = None if options.as_in_shop_json else shop.deliveries.rule()
            if options.days is not None or options.cut_off is not None:
                before = rule or Rule(config.delivery_business_days, None)
                days = before.business_days if options.days is None else options.days
                rule = Rule(days, before.cut_off if options.cut_off is None else options.cut_off)
            if rule is not None or options.as_in_shop_json:
                shop.deliveries.put(rule)
        day = shop.deliveries.day(shop.clock.read().latest_s, config.delivery_business_days)
    days, cut_off = rule or Rule(config.delivery_business_days, None)
    later = "" if cut_off is None else f", a day more after {cut_off // 60:02}:{cut_off % 60:02} UTC"
    print(f"{days} business days{later}: what is ordered now comes on {day.isoformat()}")
    return 0


def _words(text: str) -> str:
    if not 0 < len(text) <= LONGEST_WORDS or not text.isprintable():
        raise argparse.ArgumentTypeError(f"1 to {LONGEST_WORDS} letters that can be printed")
    return text


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def _days(text: str) -> int:
    days = int(text)
    if not 0 <= days <= 60:
        raise ValueError(text)
    return days


def _time(text: str) -> int:
    at = time.fromisoformat(text)
    return at.hour * 60 + at.minute
