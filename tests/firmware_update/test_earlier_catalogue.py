"""The release before starts on what today's leaves beside the journal: a catalogue that the shop published
and the device took up, and the people who are enrolled."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from agent.cli import main
from agent.committing.journal import FILE_NAME, Journal
from agent.deciding.edition import source_id
from agent.deciding.verification import Voiceprint
from agent.plumbing.memfd import sealed_memfd
from agent.plumbing.speaker_models import GE2E
from agent.till.catalogue_store import Beside, CatalogueStore
from agent.till.factors import Factors
from agent.till.people import People
from agent.till.profiles import Consent, Profile
from order_backend.folder import ShopFolder
from order_backend.publishing import publish
from tests.firmware_update.test_earlier_release import EARLIER
from tests.till.kit import ANNA, BERT
from tests.till.test_new_catalogue import SECOND, V2, answer, bring, hear_by, voice_comes
from tests.till.till_process import TillProcess, running_till

STARTS = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from agent.plumbing.settings import load_settings
from agent.till.__main__ import _desk
from agent.till.events import EventLoop
from agent.till.process import Till

desk = _desk(load_settings(Path(sys.argv[1])))
Till(desk, EventLoop(lambda: None))
enrolled = {person.name: desk.factors.kinds_of(person.pseudonym) for person in desk.people.all()}
problems = [problem.detail for problem in desk.people.problems]
prices = {product.id: product.price_minor for product in desk.catalogue.products}
print(json.dumps({"people": enrolled, "problems": problems, "prices": prices}))
desk.journal.close()
"""
"""As that release's till does it, with its grammar and wiring, up to its first message."""


@pytest.fixture
def device(tmp_path: Path) -> TillProcess:
    """Stopped. A second version was imported with details, published and taken up, and is in the settings'
    place too; two are enrolled, one has no voice, and one voice is not admitted."""
    written = json.loads(SECOND) | {"schema_version": 2}
    written["products"][0] |= {"categories": ["hot-drinks"], "place": {"aisle": "3", "bin": "B 2"}}
    (tmp_path / "shop.json").write_text(json.dumps(written))
    assert main(["catalogue", "import", str(tmp_path / "shop.json"), "--out", str(tmp_path / "import")]) == 0
    imported = (tmp_path / "import" / "catalogue.json").read_bytes()
    with running_till(tmp_path) as till:
        folder = ShopFolder(tmp_path / "shop")
        details = (tmp_path / "import" / "catalogue.details.json").read_bytes()
        publish(folder, till.shop.shop, imported, now_s=1, details=details)
        voice_comes(till)
        with bring(till, imported) as client:
            stage = answer(client)
            while stage != "in_use":
                if stage == "waiting":
                    hear_by(till, V2)
                stage = answer(client)
        assert folder.catalogue.read_bytes() == imported
        beside = Beside(source_id(details), sealed_memfd(details))  # as by the road
        CatalogueStore(till.folder).keep_details(source_id(imported), beside)
        for document in (tmp_path / "import").iterdir():
            shutil.copy(document, till.catalogue_file.parent)
    people = People(till.folder / "people")
    consent = Consent("may I?", "yes learn my voice", 1, "en")
    people.add("Bert", Voiceprint(GE2E, BERT, ANNA), now_s=1, profile=Profile(consent, role="parent"))
    people.add("Carla", None, now_s=1, profile=Profile())
    people.add("new voice 1", Voiceprint(GE2E, (0.0, 0.0, 1.0)), now_s=1, admitted=False)
    with Journal(till.folder / FILE_NAME) as journal:
        factors = Factors(till.folder / "factors.json", journal)
        for number, person in enumerate(people.all()):
            factors.set(person.pseudonym, "pin", f"25800{number}")
            factors.set(person.pseudonym, "badge", f"987654{number}")
    return till


def started(device: TillProcess, folder: Path) -> dict[str, Any]:
    """What the earlier release's till has when it stands. Fails where it does not start."""
    with tarfile.open(EARLIER) as archive:
        archive.extractall(folder, filter="data")
    command = [sys.executable, "-P", "-c", STARTS, str(device.settings_file), str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_it_starts_with_the_people_and_the_catalogue_of_today(device: TillProcess, tmp_path: Path) -> None:
    found = started(device, tmp_path / "earlier")
    assert found["people"] == {"Anna": ["badge", "pin"], "Bert": ["badge", "pin"]}
    assert found["problems"] == []
    assert (device.catalogue_file.parent / "catalogue.details.json").exists()
    assert found["prices"] == {
        product["id"]: product["price_minor"] for product in json.loads(SECOND)["products"]
    }
