"""The rules of the house: read when the till starts, and asked at every step of a conversation."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from agent.deciding.details import Details, Facts, parse_details
from agent.deciding.edition import source_id
from agent.deciding.policy_file import PolicyFile, parse_policy
from agent.deciding.rules import House, Moment, Person
from agent.plumbing import audit
from agent.plumbing.errors import CatalogueError, ConfigurationError
from agent.plumbing.settings import Paths

NO_POLICY = PolicyFile()

_UNTIL_THEN = "and restart; until then every order needs a PIN or badge"
_NEXT_STEP = (
    "put the catalogue in use and its details, both of one `earmark catalogue import FILE --out DIR`, where"
    f" [paths] catalogue_file says, {_UNTIL_THEN}"
)


class HouseRules:
    """A policy, and what the shop tells of the products of one catalogue: None where it tells nothing, an
    error where it does and that cannot be used."""

    def __init__(
        self, policy: PolicyFile = NO_POLICY, details: Details | CatalogueError | None = None
    ) -> None:
        self.policy = policy
        self._details = details
        self._logged_for = ""

    @staticmethod
    def open(paths: Paths) -> HouseRules:
        """Those that lie there, or none. Raises ConfigurationError policy_unreadable, and as `parse_policy`:
        a policy that cannot be read must not be taken for none."""
        return HouseRules(_policy(Path(paths.policy_file)), shop_details(paths))

    def for_order(self, name: str, now_s: float, source: str, role: str = "") -> House:
        """What is judged by when `name`, who also has `role`, orders at that time from the catalogue of that
        SHA-256. Logs once for each catalogue why nothing is known of its products."""
        local = time.localtime(now_s)
        moment = Moment(local.tm_wday, local.tm_hour * 60 + local.tm_min)
        if self._logged_for != source and (fault := self.lost(source)):
            audit.log(fault.code, detail=fault.detail, next_step=fault.next_step)
            self._logged_for = source
        house = self.house(name, moment, source)
        return msgspec.structs.replace(house, person=self.person(name, role))

    def house(self, name: str, moment: Moment, source: str) -> House:
        """The same at any moment, and without a log."""
        lost = self.lost(source) is not None
        return House(self.policy.rules, self.policy.person(name), moment, self.facts(source), lost)

    def person(self, name: str, role: str = "") -> Person:
        """Whom the rules take somebody of that name for, who also has `role`."""
        return self.policy.person(name, role)

    def facts(self, source: str) -> Mapping[str, Facts]:
        """What the shop tells of the products of the catalogue of that SHA-256, by their ids."""
        told = self._details
        return told.products if isinstance(told, Details) and self.lost(source) is None else {}

    def lost(self, source: str) -> CatalogueError | None:
        """Why what the shop tells cannot be used for the catalogue of that SHA-256: details_unreadable, as
        `parse_details`, or details_differ. None where it can, or where it tells nothing."""
        told = self._details
        if not isinstance(told, Details) or told.catalogue_sha256 == source:
            return told if isinstance(told, CatalogueError) else None
        detail = f"the details (of version {told.version}) are of another catalogue than the one in use"
        return CatalogueError("details_differ", detail, _NEXT_STEP)


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


def shop_details(paths: Paths) -> Details | CatalogueError | None:
    """Those beside the settings' catalogue file, None where there are none; an error, details_unreadable or
    as `parse_details`, is given and not raised."""
    path = Path(paths.details_file)
    try:
        data = path.read_bytes()
        source = source_id(Path(paths.catalogue_file).read_bytes())
        return parse_details(data, catalogue_sha256=source)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and error.filename == str(path):
            return None
        detail = f"cannot read {error.filename}: {error.strerror}"
        return CatalogueError("details_unreadable", detail, _NEXT_STEP)
    except CatalogueError as error:
        return CatalogueError(error.code, f"{path.name}: {error.detail}", f"{error.next_step}, {_UNTIL_THEN}")
