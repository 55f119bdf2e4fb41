"""What may be given before a conversation, what may happen in it beside people's words, and how their words
may sound; in the words of the conversation files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from agent.plumbing.settings import Policy


class Happening(NamedTuple):
    """`what` names it for `conversation_room`; `words` are the parts that differ."""

    what: str
    words: Mapping[str, str]


Patterns = Sequence[tuple[str, str]]
"""What it is called, and how it is written."""

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NAME = r"[^\W\d_a-z][^\W\d_]*"
_LIMIT = rf"(?P<limit>{'|'.join(field.name for field in msgspec.structs.fields(Policy))}) (?P<value>\d+)"
_SKU = r"(?P<sku>[a-z0-9-]+(\?[a-z0-9=&-]+)?)"
_MONEY = r"(?P<price>\d+\.\d\d)"
_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_WHILE = r"(?P<count>\d+) (?P<unit>second|minute|hour|day)s?"

GIVENS: Patterns = (
    ("nobody", "nobody is enrolled"),
    ("people", rf"(?P<names>{_NAME}(, {_NAME})*)"),
    ("pin", rf"(?P<name>{_NAME}) has the PIN (?P<number>\d{{4,20}})"),
    ("badge", rf"(?P<name>{_NAME}) has the badge (?P<number>\d{{6,20}})"),
    ("phone", rf"(?P<name>{_NAME}) has a phone"),
    ("no_voice", rf"(?P<name>{_NAME}) has no learned voice"),
    ("shift", r"shifts of (?P<hours>\d+) hours"),
    ("role", rf"(?P<name>{_NAME}) is (a|an) (?P<role>[a-z0-9-]+)"),
    ("rule", r"a rule: (?P<rule>.+)"),
    ("at", rf"(?P<day>{'|'.join(DAYS)}) (?P<hour>\d\d):(?P<minute>\d\d)"),
    ("offline", "offline"),
    ("no_time", "the time is not known"),
    ("limit", _LIMIT),
    ("stock", rf"the shop has (?P<count>\d+) {_SKU}"),
    ("button", "there is a button"),
    ("other_model", "voices were learned with another model"),
    ("direct", "orders are DIRECT"),
    ("tells_when", "the shop is asked when it comes"),
    ("charges", rf"the shop charges {_MONEY} for (?P<product>[a-z0-9-]+)"),
    ("waiting", r"(?P<count>\d+) orders wait for the shop already"),
    ("facts", r"the shop tells of (?P<product>[a-z0-9-]+): (?P<facts>.+)"),
    ("sensor", r"a sensor of (?P<product>[a-z0-9-]+) in (?P<place>.+)"),
)

MARKS: Patterns = (
    ("short", "short"),
    ("noisy", "noisy"),
    ("unsure", "unsure"),
    ("much_talk", "much talk"),
    ("as_if_woken", "as if woken"),
    ("person", rf"as (?P<name>{_NAME})"),
    ("like", rf"(?P<cosine>0\.\d+) like (?P<other>{_NAME})"),
    ("language", r"in (?P<language>[a-z]{2})"),
)

THINGS: Mapping[str, Patterns] = {
    "typing": (("type", r"(?P<text>.*)"),),
    "silence": (("silence", ""),),
    "keypad": (("keypad", r"(?P<number>\d{4,20})"),),
    "badge": (("hold_badge", r"(?P<number>\d{6,20})"),),
    "phone": (
        ("phone_answers", rf"(?P<name>{_NAME}) (?P<answer>approves|refuses)(?P<other> another total)?"),
        ("phone_again", rf"(?P<name>{_NAME}) sends the last answer again"),
        ("phone_code", rf"(?P<name>{_NAME}) types the code(?P<other> of another total)?"),
        ("phone_code_late", rf"(?P<name>{_NAME}) types the code of {_WHILE} ago"),
    ),
    "button": (("press", ""),),
    "sensor": (
        ("level", r"(?P<sensor>[a-z0-9-]+) at (?P<percent>\d+) %"),
        ("heard_of", r"(?P<sensor>[a-z0-9-]+) is heard"),
    ),
    "shop": (
        ("stock", rf"has (?P<count>\d+) {_SKU}"),
        ("price", rf"sells (?P<product>[a-z0-9-]+) at {_MONEY}"),
        ("new_product", rf"sells (?P<name>.+) by the (?P<unit>[a-z]+) at {_MONEY}"),
        ("not_sold", r"sells no (?P<product>[a-z0-9-]+) any more"),
        ("withdraw", r"takes version (?P<version>\d+) of its catalogue back"),
        ("promote", r"puts on offer( until (?P<until>\d{4}-\d\d-\d\d))?: (?P<words>.+)"),
        ("mute", "does not answer"),
        ("answer", "answers again"),
        ("limit_device", f"allows {_LIMIT}"),
        ("rule_device", r"has the rule: (?P<rule>.+)"),
        ("hand_over", "hands the last order over"),
        ("call_off", "cancels the last order itself"),
        ("revoke", "revokes the device"),
    ),
    "link": (("link_down", "down"), ("link_up", "up")),
    "clock": (
        ("pass", f"{_WHILE} pass(es)?"),
        ("jump", f"the wall clock jumps {_WHILE} (?P<way>ahead|back)"),
        ("tell_time", "the shop tells the time"),
    ),
    "operator": (
        ("forget", rf"forgets (?P<name>{_NAME})"),
        ("enrol", rf"enrols (?P<name>{_NAME})"),
        ("remember", rf"lets (?P<name>{_NAME})'s orders be used for suggestions"),
        ("cancel", "cancels the last order"),
        ("new_pin", rf"has (?P<name>{_NAME}) set a PIN"),
        ("new_badge", rf"has (?P<name>{_NAME}) set a badge"),
        ("pair", rf"pairs (?P<name>{_NAME})'s phone"),
        ("no_badge", rf"takes (?P<name>{_NAME})'s badge away"),
    ),
    "device": (
        ("restart", "restarts"),
        ("mended", "restarts, and its journal was mended"),
        ("lose_voice", "loses its ear and voice"),
        ("find_voice", "has its ear and voice again"),
        ("no_room", "has no room for its journal"),
        ("room", "has room for its journal again"),
        ("no_folder", "loses the folder that it writes in"),
        ("folder", "has its folder again"),
    ),
    "ear": (("ear", r"(?P<how>hears nothing|is overloaded|is well again)"),),
}


def read(patterns: Patterns, text: str) -> Happening | None:
    """What `text` says; None where it is none of them."""
    for what, pattern in patterns:
        if found := re.fullmatch(pattern, text):
            words = {name: value for name, value in found.groupdict().items() if value is not None}
            return Happening(what, words)
    return None


def seconds_of(words: Mapping[str, str]) -> int:
    """Of "2 hours"."""
    return int(words["count"]) * _SECONDS[words["unit"]]


def minor_of(price: str) -> int:
    """Minor units of "12.50"."""
    return int(price.replace(".", ""))
