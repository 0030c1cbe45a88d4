"""The page as a whole: built soundly, safe to open, complete, and the same each time."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest

from policy.__about__ import __version__
from policy.model.summary import Summary
from policy.reports.html.markup import LATER
from policy.reports.html.reporter import HtmlReporter
from tests.building import decide, make_facts, make_policy
from tests.reports.html.rendering import (
    PROBLEMS,
    STANDINGS,
    Page,
    make_context,
    render,
    render_all,
    repeat,
)
from tests.reports.scenarios import MANIFEST, SCENARIOS, Scenario, allow, block, flag, hold, waived

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></script><script>alert(1)</script>",
    "--><svg onload=alert(1)>",
    "javascript:alert(1)",
    "a\x00b\x1b[31m\r\nc",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe\N{POP DIRECTIONAL FORMATTING}",
    "x" * 10_000,
    "a\udcffb",
)
PAGES = {"nothing": (), "one": ("allow",), "everything": tuple(SCENARIOS)}


def make_page(names: tuple[str, ...]) -> str:
    return render((SCENARIOS[name]() for name in names), PROBLEMS, STANDINGS)


def plant(text: str) -> Scenario:
    """A project that says this wherever a project can say something."""
    policy = make_policy("require: {model.base: plain}\neffect: block\nfix: Take another.\n")
    facts = make_facts("project: p\nmodel: {base: other}\n", file=MANIFEST)
    decision = decide(policy, facts)
    subject = decision.subject._replace(project=text, manifest=text, training_config=text)
    (outcome,) = decision.outcomes
    reason = outcome.because[0]._replace(field=text, expected=text, actual=text, source=text)
    outcome = outcome._replace(message=text, fix=text, instead=(text,), note=text, because=(reason,))
    return Scenario(decision._replace(subject=subject, outcomes=(outcome,)), {}, (policy,))


@pytest.fixture(scope="module")
def everything() -> str:
    return render_all()


@pytest.mark.parametrize("names", PAGES.values(), ids=PAGES)
def test_the_page_is_built_soundly(names):
    page = Page(make_page(names))
    anchors = Counter(page.values("id"))
    assert [anchor for anchor, count in anchors.items() if count > 1] == []
    assert [address for address in page.values("href") if address.startswith("#") and address[1:] not in anchors] == []
    for attribute in ("aria-labelledby", "for"):
        named = {anchor for value in page.values(attribute) for anchor in value.split()}
        assert named <= set(anchors)
    for one in ("main", "h1", "nav"):
        assert len(page.find(one)) == 1
    assert page.find("html")[0].attributes["lang"] == "en"
    assert all(table.said for table in page.find("caption"))
    assert len(page.find("caption")) == len(page.find("table"))


@pytest.mark.parametrize("names", PAGES.values(), ids=PAGES)
def test_no_level_of_headings_is_left_out(names):
    levels = [int(found.name[1]) for found in Page(make_page(names)).elements if re.fullmatch("h[1-6]", found.name)]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_nothing_runs_and_nothing_is_fetched(everything):
    page = Page(everything)
    names = {found.name for found in page.elements}
    assert names.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base", "audio", "video"})
    assert page.values("src") == page.values("style") == page.values("srcset") == []
    assert not [key for found in page.elements for key in found.attributes if key.startswith("on")]
    assert "url(" not in everything
    assert "@import" not in everything
    assert page.values("http-equiv") == ["Content-Security-Policy"]
    outside = [address for address in page.values("href") if not address.startswith("#")]
    assert set(outside) == {"https://example.com/a?b=1&c=2"}
    assert [
        found.attributes["content"] for found in page.find("meta") if found.attributes.get("name") == "referrer"
    ] == ["no-referrer"]


def test_the_page_forbids_everything_but_its_own_style(everything):
    style = everything.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = re.search('Content-Security-Policy" content="([^"]*)"', everything)
    assert policy
    assert policy[1] == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    # A policy holds from where it stands.
    assert everything.index("Content-Security-Policy") < everything.index("<style>")


def test_what_is_known_last_is_read_first(everything):
    titles = Page(everything).text_of("h2")
    assert titles == [
        "Overview",
        "Projects",
        "Waivers",
        "Policies",
        "How to verify this report",
        "What this report does not prove",
        "Sign-off",
    ]
    assert everything.index('id="projects"') < everything.index("<article") < everything.index('id="waivers"')
    assert LATER not in everything


def test_projects_stand_by_verdict_and_their_names_say_it():
    page = Page(render([allow(), flag(), hold(), block()]))
    verdicts = [title.partition(" ")[0] for title in page.text_of("h3")]
    assert verdicts == ["Blocked", "Held", "Flagged", "Allowed"]


def test_only_verdicts_that_some_project_has_can_be_chosen():
    page = Page(render([allow(), waived()]))
    assert [found.said for found in page.find("label")] == ["All 2", "Flagged 1", "Allowed 1"]
    assert [found.attributes["id"] for found in page.find("input") if "checked" in found.attributes] == ["show-all"]
    chosen = {found.attributes["id"] for found in Page(render([block(), hold(), flag(), allow()])).find("input")}
    style = page.text_of("style")[0]
    assert all(f"#{name}:checked" in style for name in chosen - {"show-all"})


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_a_project_says_is_data(text):
    scenario = plant(text)
    context = make_context()._replace(policies={policy.id: policy for policy in scenario.policies}, config=text)
    made = render([scenario], context=context)
    made.encode()
    page = Page(made)
    plain = Page(render([plant("harmless")], context=context._replace(config="harmless")))
    # Not one element more, whatever the text; but for the note that something is cut.
    found = [(one.name, sorted(one.attributes)) for one in page.elements if one.attributes.get("class") != "cut"]
    assert found == [(one.name, sorted(one.attributes)) for one in plain.elements]
    assert set(page.values("href")) == set(plain.values("href"))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", made)


def test_a_value_of_ten_thousand_characters_is_cut_and_says_so():
    page = Page(render([plant("x" * 10_000)]))
    assert "… 8,000 more characters" in page.text_of("span", "cut")
    assert "… (10,000 characters)" in page.text_of("h3")[0]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_decision_gives_the_same_bytes(name):
    assert render([SCENARIOS[name]()]) == render([SCENARIOS[name]()])


def test_only_who_asks_for_the_page_loads_what_makes_it():
    code = "import sys; from policy.reports import builtin; builtin.reporters(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "policy.reports.builtin" in done.stdout.split()
    assert not [name for name in done.stdout.split() if name.startswith("policy.reports.html")]


def test_pages_are_as_kept(snapshot):
    for name, scenarios in {"page": (block(), waived(), allow()), "nothing": ()}.items():
        text = render(scenarios, PROBLEMS, STANDINGS)
        text = re.sub("<style>.*?</style>", "<style>…</style>", text, flags=re.DOTALL)
        text = re.sub("'sha256-[^']*'", "'sha256-<digest>'", text)
        text = re.sub("sha256:[0-9a-f]{64}", "sha256:<digest>", text)
        anchors = dict.fromkeys(re.findall('id="(d-[0-9a-f]{16})"', text))
        for number, anchor in enumerate(anchors):
            text = text.replace(anchor, f"d-<{number}>")
        # One element of a block a line, so that a difference can be read.
        text = re.sub("(?<=>)(?=<(?:section|article|header|h\\d|p|table|tr|dl|div|details|ul|li)\\b)", "\n", text)
        snapshot(f"reports/html/{name}.html", text.replace(f"tunegate {__version__}", "tunegate <version>"))


def test_the_page_is_written_as_it_is_read():
    reporter, context = HtmlReporter(), make_context()
    article = reporter.report_decision(block().decision, context)
    taken = 0

    def give() -> Iterator[str]:
        nonlocal taken
        for _ in range(5000):
            taken += 1
            yield article

    pages = reporter.compose(reporter.start(context), give(), reporter.finish(Summary(), (), context))
    tracemalloc.start()
    size = sum(len(part) for part in pages)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken == 5000
    assert size > 5000 * len(article)
    assert peak < 1_000_000


def test_a_project_takes_little_room():
    few, many = (len(render(repeat(number))) for number in (1, 201))
    # Three findings, with everything about them: 5,000 of these are a page that a browser still opens.
    assert (many - few) / 200 < 8_000
    few, many = (len(render(repeat(number, allow()))) for number in (1, 201))
    assert (many - few) / 200 < 3_000
