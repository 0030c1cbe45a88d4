"""The page in a browser: usable by everyone in light and dark, on paper and a telephone, and nothing in it acts.

`POLICY_BROWSER_TESTS` names a folder as in the tests of the other pages; with it, a Chromium is expected.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policy.model.audit import AuditReport
from policy.reports.audit.page import write_page
from tests.app.auditing.history import gather
from tests.reports.audit.hostile import HOSTILE, make_many, plant
from tests.reports.html.test_browser import BROWSERS, SWITCH

SCRIPT = Path(__file__).with_name("inspect_audit.cjs")
PAGES: dict[str, Callable[[], AuditReport]] = {
    "quarter": gather,
    "nothing": lambda: gather(projects=("nobody",)),
    "markup": lambda: plant(HOSTILE[0]),
    "long": lambda: plant(HOSTILE[8]),
    "many": lambda: make_many(10_000, 20),
}

pytestmark = pytest.mark.skipif(
    SWITCH not in os.environ, reason=f"{SWITCH} names no folder with axe-core and playwright-core"
)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the browser saw of each page."""
    folder = tmp_path_factory.mktemp("pages")
    files = []
    for name, make in PAGES.items():
        files.append(folder / f"{name}.html")
        files[-1].write_text("".join(write_page(make(), 200)), encoding="utf-8")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert browser, f"{SWITCH} is set, and there is none of {', '.join(BROWSERS)}"
    done = subprocess.run(
        ["node", SCRIPT, browser, *files],
        env={**os.environ, "NODE_PATH": str(Path(os.environ[SWITCH]) / "node_modules")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(PAGES, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("view", ["light", "dark", "narrow"])
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_no_barrier_and_nothing_runs_out_of_the_screen(seen, page, view):
    found = seen[page]["views"][view]
    assert found["violations"] == []
    assert found["unsure"] == []
    assert found["passed"] > 25
    assert found["overflow"] == 0


@pytest.mark.parametrize("page", PAGES)
def test_nothing_acts_and_nothing_is_fetched(seen, page):
    assert seen[page]["said"] == []
    assert seen[page]["fetched"] == []
    # The guard lets the page's own style through.
    assert seen[page]["styled"] == "grid"


@pytest.mark.parametrize("page", PAGES)
def test_the_keyboard_meets_the_way_to_the_overview_first(seen, page):
    assert seen[page]["first"] == "#overview"


@pytest.mark.parametrize("page", PAGES)
def test_on_paper_everything_is_open_and_there_to_sign(seen, page):
    assert seen[page]["opened"]
    assert seen[page]["signed"]
    assert seen[page]["pdf"] > 10_000


def test_paper_is_upright_and_turned_for_wide_tables(seen):
    assert set(seen["quarter"]["papers"]) == {"595x842", "842x595"}
