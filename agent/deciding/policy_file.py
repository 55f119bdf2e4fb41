"""A house's policy as one TOML text: limits, roles, training and rules. Every fault is found at once, with
its line.

The limits can only tighten those of the settings; so a device without the file, or an earlier release that
does not know it, is bounded all the same.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Set
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

import msgspec

from agent.deciding.details import Hazard
from agent.deciding.products import Identifier
from agent.deciding.rules import SHOP_WHO, Name, Person, Requirement, Rule
from agent.deciding.unusual import Unusual
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.setting_values import MinorUnits
from agent.plumbing.settings import Policy
from agent.plumbing.tightening import tightened

SCHEMA_VERSION = 3
"""Of what this release knows. Of a text of a later one it reads what it knows, and is never less strict: a
condition that it does not know is dropped, so its rule is about more orders, and an unknown requirement is to
refuse. So a device may go back to this release. Since 2: [shift]; since 3: a rule's unusual."""

Members = tuple[Name, ...]

OF_ROLE = "@"
"""Before a role, in [trained]: everybody who has it. A release that does not know this takes it for a name
that nobody has, and so is stricter."""


class PolicyFile(msgspec.Struct, frozen=True):
    """What the text says. `together_minor` is what everybody together may buy by voice alone in a day; None:
    as much as one person. `roles`, `cost_centres` and `trained` (by hazard) list people by their names.
    `shift_hours`: how long a shift lasts at most; 0: there are none."""

    limits: dict[str, int] = {}
    together_minor: int | None = None
    roles: dict[Identifier, Members] = {}
    cost_centres: dict[Name, Members] = {}
    trained: dict[Hazard, Members] = {}
    rules: tuple[Rule, ...] = ()
    shift_hours: int = 0

    def tighter(self, own: Policy) -> Policy:
        """In each limit the stricter of its own and `own`."""
        return tightened(own, self.limits)

    def most_by_voice(self, own: Policy, effective: Policy) -> int:
        """What everybody together may buy by voice alone in a day. Where the shop has lowered what one person
        may (`effective`, of `own`), it has lowered this as well."""
        tighter = self.tighter(own).voice_day_max_minor
        if self.together_minor is None:
            return effective.voice_day_max_minor
        if effective.voice_day_max_minor < tighter:
            return min(effective.voice_day_max_minor, self.together_minor)
        return self.together_minor

    def person(self, name: str, role: str = "") -> Person:
        """What it says of whoever is called that, in any case of letters, and has `role` besides. Whoever has
        a role is trained for what `@` and that role stand under."""

        def naming(lists: Mapping[str, Members], names: Set[str]) -> frozenset[str]:
            return frozenset(
                key
                for key, members in lists.items()
                if not names.isdisjoint(each.casefold() for each in members)
            )

        called = {name.casefold()}
        roles = naming(self.roles, called) | ({role} if role else frozenset())
        trained = called | {f"{OF_ROLE}{each}".casefold() for each in roles}
        return Person(name, roles, naming(self.cost_centres, called), naming(self.trained, trained))

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody whom it names."""
        lists = (*self.roles.values(), *self.cost_centres.values(), *self.trained.values())
        named = [name for members in lists for name in members if not name.startswith(OF_ROLE)]
        return tuple(dict.fromkeys(named + [name for rule in self.rules for name in rule.people]))


class Fault(NamedTuple):
    """`line` counts from 1; 0 where it is the text as a whole."""

    line: int
    text: str


def parse_policy(text: str, *, name: str = "policy") -> PolicyFile:
    """The policy in a TOML text.

    Raises ConfigurationError: policy_syntax (no TOML), policy_invalid (`detail` lists every fault, one a
    line, as NAME:LINE: what is wrong).
    """
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(
            "policy_syntax", f"{name}: {error}", "mend the line; the file is TOML 1.0"
        ) from error
    reader = _Reader(text)
    policy = reader.policy(raw)
    if reader.faults:
        faults = sorted(set(reader.faults))
        lines = "\n".join(f"{name}:{fault.line}: {fault.text}" for fault in faults)
        raise ConfigurationError("policy_invalid", lines, "see docs/policy.md for every key")
    return policy


_TABLES: Mapping[str, Any] = {
    "roles": (Identifier, Members),
    "cost_centres": (Name, Members),
    "trained": (Hazard, Members),
}
TOGETHER = "voice_day_together_max_minor"
"""The one limit that the settings do not know: they would keep an earlier release from starting."""

_SHIFT = {"hours": Annotated[int, msgspec.Meta(ge=1, le=24)]}
"""What [shift] holds."""

_LIMITS = {**get_type_hints(Policy, include_extras=True), TOGETHER: MinorUnits}
_RULE = {field.encode_name: field.type for field in msgspec.structs.fields(Rule)}
_REQUIRED = ("id", "require")


class _Reader:
    """Converts value by value, so that one fault hides no other."""

    def __init__(self, text: str) -> None:
        self._places = _places(text)
        self._later = False
        self._version = SCHEMA_VERSION
        self.faults: list[Fault] = []

    def policy(self, raw: Mapping[str, Any]) -> PolicyFile:
        found: dict[str, Any] = {}
        version = self._value(("", 0, "schema_version"), raw.get("schema_version", 1), int)
        if isinstance(version, int):
            self._version, self._later = version, version > SCHEMA_VERSION
        for key, value in raw.items():
            place = (key, 0, "")
            if key == "schema_version" or (self._later and key not in (*_TABLES, "limits", "shift", "rule")):
                continue
            if key == "rule":
                found["rules"] = self._rules(value)
            elif key not in ("limits", "shift", *_TABLES):
                self._fault(
                    place, f"there is no [{key}]; there are limits, roles, cost_centres, trained, shift, rule"
                )
            elif not isinstance(value, dict):
                self._fault(place, f"[{key}] is a table")
            elif key == "shift":
                found["shift_hours"] = self._shift_hours(value)
            elif key == "limits":
                limits = dict(self._limits(value))
                found["together_minor"] = limits.pop(TOGETHER, None)
                found[key] = limits
            else:
                found[key] = dict(self._lists(key, value, *_TABLES[key]))
        policy = PolicyFile(**found)
        if not self.faults:
            self._judge(policy)
        return policy

    def _limits(self, table: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
        for name, value in table.items():
            place = ("limits", 0, name)
            if name not in _LIMITS:
                self._unknown(place, f"no limit is called {name!r}; there are {', '.join(_LIMITS)}")
            else:
                yield name, self._value(place, value, _LIMITS[name])

    def _shift_hours(self, table: Mapping[str, Any]) -> Any:
        if self._version < 2:
            self._fault(("shift", 0, ""), "[shift] needs schema_version = 2 at the top")
        for name in table.keys() - _SHIFT:
            self._unknown(("shift", 0, name), f"[shift] has no {name!r}; it has {', '.join(_SHIFT)}")
        if "hours" not in table:
            self._unknown(("shift", 0, ""), "[shift] has no 'hours'")
            return 0
        return self._value(("shift", 0, "hours"), table["hours"], _SHIFT["hours"])

    def _lists(self, key: str, table: Mapping[str, Any], of: Any, members: Any) -> Iterator[tuple[str, Any]]:
        for name, value in table.items():
            place = (key, 0, name)
            self._value(place, name, of)
            yield name, self._value(place, value, members)

    def _rules(self, value: Any) -> tuple[Rule, ...]:
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self._fault(("rule", 0, ""), "a rule is a table of its own, below [[rule]]")
            return ()
        return tuple(rule for at, table in enumerate(value) if (rule := self._rule(at, table)))

    def _rule(self, at: int, table: Mapping[str, Any]) -> Rule | None:
        before, found = len(self.faults), {}
        for key, value in table.items():
            place = ("rule", at, key)
            if key not in _RULE:
                self._unknown(place, f"a rule has no {key!r}; it has {', '.join(_RULE)}")
            elif key == "unusual" and self._later and not _is_unusual(value):
                continue  # of something else besides: then it is about any order
            else:
                known = key != "require" or not self._later
                found[key] = self._value(place, value, _RULE[key] if known else str)
        for key in _REQUIRED:
            if key not in table:
                self._fault(("rule", at, ""), f"the rule has no {key!r}")
        if "unusual" in table and self._version < 3:
            self._fault(("rule", at, "unusual"), "unusual needs schema_version = 3 at the top")
        if ("from" in table) != ("until" in table):
            self._fault(
                ("rule", at, "from" if "from" in table else "until"), "from and until belong together"
            )
        if table.get("require") == "trained" and not table.get("hazards"):
            self._fault(("rule", at, "require"), "trained for what? name the hazards")
        if self._later and found.get("require") not in get_args(Requirement):
            found["require"] = "deny"
        if len(self.faults) > before:
            return None
        return msgspec.convert(found, Rule)

    def _judge(self, policy: PolicyFile) -> None:
        """What only the whole shows: names that mean nothing are slips, and the rule would never hold."""
        first: dict[str, int] = {}
        for at, rule in enumerate(policy.rules):
            if rule.id == SHOP_WHO:
                self._fault(("rule", at, "id"), f"{SHOP_WHO!r} is what the shop's own word is called")
            if first.setdefault(rule.id, at) != at:
                self._fault(("rule", at, "id"), f"two rules are called {rule.id!r}")
            for key, known in (("roles", policy.roles), ("cost_centres", policy.cost_centres)):
                for name in getattr(rule, key):
                    if name not in known:
                        self._fault(("rule", at, key), f"nobody has {name!r}: [{key}] does not list it")

    def _value(self, place: tuple[str, int, str], value: Any, type_: Any) -> Any:
        try:
            return msgspec.convert(value, type_)
        except msgspec.ValidationError as error:
            self._fault(place, f"{place[2]}: {error}")
            return value

    def _unknown(self, place: tuple[str, int, str], text: str) -> None:
        if not self._later:
            self._fault(place, text)

    def _fault(self, place: tuple[str, int, str], text: str) -> None:
        table, at, _ = place
        lines = (self._places.get(each) for each in (place, (table, at, ""), (table, 0, ""), ("", 0, table)))
        self.faults.append(Fault(next((line for line in lines if line), 0), text))


def _is_unusual(value: Any) -> bool:
    return isinstance(value, list) and all(each in get_args(Unusual) for each in value)


_HEADER = re.compile(r"\s*\[(\[?)\s*\"?([^\]\"]+?)\"?\s*\]")
_KEY = re.compile(r"\s*(\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]+)\s*=")


def _places(text: str) -> dict[tuple[str, int, str], int]:
    """The line of each table ((table, n, '')) and of each key in it, for the n-th table of that name. TOML is
    read by the library, which does not tell lines; an unusual spelling of it may have none here."""
    places: dict[tuple[str, int, str], int] = {}
    table, count = "", {"": 1}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = header[2].strip()
            count[table] = count.get(table, 0) + 1
            places.setdefault((table, count[table] - 1, ""), number)
        elif key := _KEY.match(line):
            places.setdefault((table, count[table] - 1, key[1].strip("\"'")), number)
    return places
