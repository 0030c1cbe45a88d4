"""The page in a browser: usable by everyone in light and dark, on paper and a telephone, and nothing in it acts.

`POLICY_BROWSER_TESTS` names a folder whose `node_modules` holds axe-core and playwright-core; with it, a Chromium is
expected, and nothing is skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.reports.html.rendering import PROBLEMS, STANDINGS, make_context, make_id, render, render_all, repeat
from tests.reports.html.test_reporter import HOSTILE, plant
from tests.reports.scenarios import allow

SWITCH = "POLICY_BROWSER_TESTS"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SCRIPT = Path(__file__).with_name("inspect_page.cjs")

pytestmark = pytest.mark.skipif(
    SWITCH not in os.environ, reason=f"{SWITCH} names no folder with axe-core and playwright-core"
)


def make_pages() -> dict[str, str]:
    hostile = [plant(text) for text in HOSTILE]
    context = make_context()._replace(policies={policy.id: policy for policy in hostile[0].policies}, config=HOSTILE[0])
    hostile = [one._replace(decision=one.decision._replace(id=make_id(number))) for number, one in enumerate(hostile)]
    return {
        "everything": render_all(),
        "nothing": render((), PROBLEMS),
        "all allowed": render([allow()]),
        "all blocked": render(repeat(4), waivers=STANDINGS),
        "hostile": render(hostile, context=context),
    }


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the browser saw of each page."""
    folder = tmp_path_factory.mktemp("pages")
    pages = make_pages()
    files = []
    for number, text in enumerate(pages.values()):
        files.append(folder / f"{number}.html")
        files[-1].write_text(text, encoding="utf-8")
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
    return dict(zip(pages, json.loads(done.stdout), strict=True))


PAGES = ("everything", "nothing", "all allowed", "all blocked", "hostile")


@pytest.mark.parametrize("view", ["light", "dark", "narrow"])
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_no_barrier(seen, page, view):
    found = seen[page]["views"][view]
    assert found["violations"] == []
    assert found["unsure"] == []
    assert found["passed"] > 30


@pytest.mark.parametrize("page", PAGES)
def test_nothing_runs_out_of_the_screen(seen, page):
    assert {view: found["overflow"] for view, found in seen[page]["views"].items()} == dict.fromkeys(
        ("light", "dark", "narrow"), 0
    )


@pytest.mark.parametrize("page", PAGES)
def test_nothing_acts_and_nothing_is_fetched(seen, page):
    assert seen[page]["said"] == []
    assert seen[page]["fetched"] == []
    # The guard lets the page's own style through.
    assert seen[page]["styled"] == "grid"


@pytest.mark.parametrize("page", PAGES)
def test_the_keyboard_meets_the_way_to_the_projects_first(seen, page):
    assert seen[page]["first"] == "#projects"


def test_the_choice_of_a_verdict_shows_its_projects(seen):
    assert seen["everything"]["chosen"] == {"all": 16, "block": 5, "hold": 1, "flag": 6, "allow": 4}
    assert seen["everything"]["all"] == 16
    assert seen["nothing"]["chosen"] == {"all": 0}


@pytest.mark.parametrize("page", PAGES)
def test_on_paper_everything_is_open_and_there(seen, page):
    # Whatever was chosen on the screen.
    assert seen[page]["printed"] == seen[page]["all"]
    assert seen[page]["opened"]
    assert seen[page]["signed"]
    assert seen[page]["pdf"] > 10_000
