"""What `scripts/mutate` makes of mutmut's results: who was noticed, and what the page explains."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import mutants
from tests.project.markdown import ROOT

RESULTS = """
    agent.deciding.policy.x_decide__mutmut_1: killed
    agent.deciding.policy.x_decide__mutmut_2: survived
    agent.deciding.lockout.xǁLockoutǁ_wait_s__mutmut_7: timeout
    agent.deciding.lockout.xǁLockoutǁ_wait_s__mutmut_8: no tests
"""
DIFF = """\
# agent.deciding.policy.x_decide__mutmut_2: survived
--- agent/deciding/policy.py
+++ agent/deciding/policy.py
@@ -1,3 +1,3 @@
 def decide():
-    return 1 < 2
+    return 1 <= 2
"""
PAGE = """# Changes

### `agent/deciding/policy.py`, `decide`

```diff
-return 1 < 2
+return 1 <= 2
```

Both are true.

### `agent/deciding/policy.py`, without a reason

```diff
-a
+b
```
"""
MUTANT = mutants.Mutant("agent/deciding/policy.py", ("return 1 < 2",), ("return 1 <= 2",))


def test_a_change_is_known_by_its_lines_and_explained_by_words() -> None:
    assert mutants.mutant_of("agent/deciding/policy.py", DIFF) == MUTANT
    assert list(mutants.explained(PAGE)) == [MUTANT]
    assert list(mutants.explained(f"{MUTANT}\n\nBoth are true.\n")) == [MUTANT]


def test_what_no_test_reached_or_noticed_is_not_noticed() -> None:
    rows = list(mutants.table(mutants.results(RESULTS)))
    assert rows[2:] == [
        "| `agent/deciding/lockout.py` | 2 | 1 |",
        "| `agent/deciding/policy.py` | 2 | 1 |",
        "| all | 4 | 2 |",
    ]


@pytest.mark.parametrize(("page", "status"), [(PAGE, 0), ("# Changes\n", 1)])
def test_it_fails_where_a_change_is_not_explained(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    page: str,
    status: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    mutants.PAGE.parent.mkdir(parents=True)
    mutants.PAGE.write_text(page, encoding="utf-8")
    survived = "    agent.deciding.policy.x_decide__mutmut_2: survived\n"
    mutmut = f"import sys; print({survived!r} if sys.argv[1] == 'results' else {DIFF!r})"
    assert mutants.main([sys.executable, "-c", mutmut]) == status
    shown = capsys.readouterr().out
    assert ("not explained in" in shown) == bool(status)
    assert f"1 not noticed, {1 - status} of them explained" in shown


def test_of_a_part_of_them_nothing_is_said_about_the_others_and_it_is_no_whole_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    mutants.PAGE.parent.mkdir(parents=True)
    mutants.PAGE.write_text(PAGE, encoding="utf-8")
    listed = f"{RESULTS.splitlines()[1]}\n    agent.deciding.rules.x_judge__mutmut_1: not checked\n"
    mutmut = f"import sys; assert sys.argv[1] == 'results'; print({listed!r})"
    assert mutants.main([sys.executable, "-c", mutmut]) == 1
    shown = capsys.readouterr().out
    assert "| all | 1 | 1 |" in shown and "1 of 2 were not made" in shown
    assert "not explained in" not in shown and "noticed by now" not in shown


def test_every_explanation_of_the_page_can_be_read() -> None:
    page = (ROOT / mutants.PAGE).read_text(encoding="utf-8")
    found = list(mutants.explained(page))
    assert len(found) == page.count("```diff")
    for mutant in found:
        source = {line.strip() for line in (ROOT / mutant.file).read_text(encoding="utf-8").splitlines()}
        assert set(mutant.was) <= source, f"{mutant.file} is otherwise by now: scripts/mutate"
