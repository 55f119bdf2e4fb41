"""The rules of the house: read when the till starts, and asked at every step of a conversation."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.deciding.details import Details, Facts, parse_details
from agent.deciding.edition import source_id
from agent.deciding.packed_details import PackedFile, packed_file
from agent.deciding.policy_file import PolicyFile, parse_policy
from agent.deciding.rules import House, Moment, Person, Rule
from agent.deciding.unusual import NO_PAST, Past
from agent.plumbing import audit
from agent.plumbing.errors import CatalogueError, ConfigurationError
from agent.plumbing.settings import Paths
from agent.till.catalogue_store import kept_details

NO_POLICY = PolicyFile()

_UNTIL_THEN = "and restart; until then every order needs a PIN or badge"
_NEXT_STEP = (
    "put the catalogue in use and its details, both of one `earmark catalogue import FILE --out DIR`, where"
    f" [paths] catalogue_file says, {_UNTIL_THEN}"
)

_ANOTHER = (
    "publish that catalogue with its details (earmark-backend publish --help), or put the details beside"
    f" the file that [paths] catalogue_file says, {_UNTIL_THEN}"
)


class Brought(NamedTuple):
    """What the shop signed beside the catalogue of the SHA-256 `source`: the facts, and the SHA-256 of the
    JSON that they were in; an error where they cannot be used, '' where they are not there."""

    source: str
    sha256: str
    facts: Mapping[str, Facts] | CatalogueError


class HouseRules:
    """A policy, and what the shop tells of the products of one catalogue: by file, where that is None it
    tells nothing, and where it is an error that cannot be used; or beside a catalogue that it signed, which
    goes before a file."""

    def __init__(
        self,
        policy: PolicyFile = NO_POLICY,
        details: Details | PackedFile | CatalogueError | None = None,
        brought: Brought | None = None,
    ) -> None:
        self.policy = policy
        self._details = details
        self.brought = brought
        """None where the shop's signed word was that there are none, or none has come."""
        self._logged_for = ""

    @staticmethod
    def open(paths: Paths) -> HouseRules:
        """Those that lie there, or none. Raises ConfigurationError policy_unreadable, and as `parse_policy`:
        a policy that cannot be read must not be taken for none."""
        return HouseRules(_policy(Path(paths.policy_file)), shop_details(paths))

    def for_order(
        self,
        name: str,
        now_s: float,
        source: str,
        role: str = "",
        past: Callable[[], Past] = lambda: NO_PAST,
        of_shop: tuple[Rule, ...] = (),
    ) -> House:
        """What is judged by when `name`, who also has `role`, orders at that time from the catalogue of that
        SHA-256, by the rules `of_shop` as well; `past` looks up what they have ordered before, where a rule
        is about that. Logs once for each catalogue why nothing is known of its products."""
        local = time.localtime(now_s)
        moment = Moment(local.tm_wday, local.tm_hour * 60 + local.tm_min)
        if self._logged_for != source and (fault := self.lost(source)):
            audit.log(fault.code, detail=fault.detail, next_step=fault.next_step)
            self._logged_for = source
        house = self.house(name, moment, source)
        rules = (*house.rules, *of_shop)
        looks_back = any(rule.unusual for rule in rules)
        return msgspec.structs.replace(
            house, rules=rules, person=self.person(name, role), past=past() if looks_back else NO_PAST
        )

    def house(self, name: str, moment: Moment, source: str) -> House:
        """The same at any moment, and without a log."""
        lost = self.lost(source) is not None
        return House(self.policy.rules, self.policy.person(name), moment, self.facts(source), lost)

    def person(self, name: str, role: str = "") -> Person:
        """Whom the rules take somebody of that name for, who also has `role`."""
        return self.policy.person(name, role)

    def brought_for(self, source: str) -> Brought | None:
        """What the shop signed beside the catalogue of that SHA-256; None where that is not here."""
        brought = self.brought
        return brought if brought is not None and brought.source == source else None

    def facts(self, source: str) -> Mapping[str, Facts]:
        """What the shop tells of the products of the catalogue of that SHA-256, by their ids."""
        brought, told = self.brought_for(source), self._details
        if brought is not None:
            return {} if isinstance(brought.facts, CatalogueError) else brought.facts
        return told.products if isinstance(told, Details | PackedFile) and self.lost(source) is None else {}

    def judged_by(self, source: str) -> str:
        """The SHA-256 of the details that the shop signed beside the catalogue of that one, where they are
        used; else ''."""
        brought = self.brought_for(source)
        return "" if brought is None or isinstance(brought.facts, CatalogueError) else brought.sha256

    def lost(self, source: str) -> CatalogueError | None:
        """Why what the shop tells cannot be used for the catalogue of that SHA-256: details_unreadable, as
        `parse_details`, details_differ, or details_missing. None where it can, or where it tells nothing."""
        brought, told = self.brought_for(source), self._details
        if brought is not None:
            return brought.facts if isinstance(brought.facts, CatalogueError) else None
        if isinstance(told, CatalogueError):
            return told
        if isinstance(told, Details | PackedFile) and told.catalogue_sha256 == source:
            return None
        if isinstance(told, Details | PackedFile):
            detail = f"the details (of version {told.version}) are of another catalogue than the one in use"
            return CatalogueError("details_differ", detail, _NEXT_STEP)
        if self.brought is not None:
            detail = "the shop's details came with another catalogue than the one in use"
            return CatalogueError("details_differ", detail, _ANOTHER)
        return None


def _policy(path: Path) -> PolicyFile:
    try:
        return parse_policy(path.read_text(encoding="utf-8"), name=path.name)
    except FileNotFoundError:
        return NO_POLICY
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "policy_unreadable",
            f"cannot read {path}: {error}",
            "mend the file, or remove it; earmark policy check",
        ) from error


def rules_by_files(policy: PolicyFile, paths: Paths, source: str) -> HouseRules:
    """As a till has them that serves the catalogue of that SHA-256, as far as its files say so: with what the
    shop signed beside it, where that lies there and this user may read it."""
    try:
        kept = kept_details(Path(paths.state_dir) / "till", source)
        facts = parse_details(kept.data, catalogue_sha256=source).products if kept else {}
        brought = Brought(source, kept.sha256, facts) if kept else None
    except PermissionError:
        brought = None
    except CatalogueError as error:
        brought = Brought(source, "", error)
    return HouseRules(policy, shop_details(paths), brought)


def shop_details(paths: Paths) -> PackedFile | CatalogueError | None:
    """Those beside the settings' catalogue file, None where there are none; an error, details_unreadable or
    as `parse_details`, is given and not raised."""
    path = Path(paths.details_file)
    try:
        data = path.read_bytes()
        source = source_id(Path(paths.catalogue_file).read_bytes())
        return packed_file(data, catalogue_sha256=source)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and error.filename == str(path):
            return None
        detail = f"cannot read {error.filename}: {error.strerror}"
        return CatalogueError("details_unreadable", detail, _NEXT_STEP)
    except CatalogueError as error:
        return CatalogueError(error.code, f"{path.name}: {error.detail}", f"{error.next_step}, {_UNTIL_THEN}")
