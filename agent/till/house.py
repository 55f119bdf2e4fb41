"""The rules of the house: read when the till starts, and asked at every step of a conversation."""

from __future__ import annotations

import time
from pathlib import Path

from agent.deciding.details import Details, parse_details
from agent.deciding.edition import source_id
from agent.deciding.policy_file import PolicyFile, parse_policy
from agent.deciding.rules import House, Moment
from agent.plumbing import audit
from agent.plumbing.errors import CatalogueError, ConfigurationError
from agent.plumbing.settings import Paths

NO_POLICY = PolicyFile()


class HouseRules:
    """A policy, and what the shop tells of the products of one catalogue."""

    def __init__(self, policy: PolicyFile = NO_POLICY, details: Details | None = None) -> None:
        self.policy = policy
        self._details = details

    @staticmethod
    def open(paths: Paths) -> HouseRules:
        """Those that lie there, or none. Raises ConfigurationError policy_unreadable, and as `parse_policy`:
        a policy that cannot be read must not be taken for none."""
        return HouseRules(_policy(Path(paths.policy_file)), _details(paths))

    def for_order(self, name: str, now_s: float, source: str) -> House:
        """What is judged by when `name` orders at that time from the catalogue of that SHA-256. Of another
        than the details are of, nothing is known."""
        local = time.localtime(now_s)
        moment = Moment(local.tm_wday, local.tm_hour * 60 + local.tm_min)
        known = self._details is not None and self._details.catalogue_sha256 == source
        facts = self._details.products if self._details is not None and known else {}
        return House(self.policy.rules, self.policy.person(name), moment, facts)


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


def _details(paths: Paths) -> Details | None:
    path = Path(paths.details_file)
    try:
        source = source_id(Path(paths.catalogue_file).read_bytes())
        return parse_details(path.read_bytes(), catalogue_sha256=source)
    except OSError:
        return None
    except CatalogueError as error:
        audit.log(error.code, detail=f"{path.name}: {error.detail}", next_step=error.next_step)
        return None
