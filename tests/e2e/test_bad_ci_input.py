"""Bad input of a CI job, all kinds in one place: each has one clear outcome, and every report tells it."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from policy.app.reporters import make_reporter
from policy.loading.bundles.content import digest_files
from policy.reports.builtin import reporters
from policy.reports.contract import Decisions
from tests.gates.cli import test_check_reports, test_outputs, test_policies_from, test_refusals
from tests.loading.bundles import test_lock, test_opening
from tests.reports import forge, test_gitlab_report, test_junit_report
from tests.reports.runner import obey
from tests.reports.sarif_checks import read_run
from tests.reports.scenarios import SCENARIOS
from tests.reports.whole import render_decisions

FORMATS = sorted(reporters())
# For people: a problem with the input is told on standard error, and these count it.
SPOKEN = ("short", "text")
REFUSED = test_check_reports.test_what_cannot_be_written_is_refused_before_anything_is_judged

# What has its tests elsewhere, and where.
ELSEWHERE = {
    "an unknown format": REFUSED,
    "a path that cannot be written": REFUSED,
    "a full disk": test_check_reports.test_a_full_disk_is_no_pass,
    "two reports for one file": REFUSED,
    "a report in place of an input": test_refusals.test_no_report_takes_the_place_of_an_input_or_leaves_the_repository,
    "a report through a link": test_outputs.test_no_link_of_a_repository_leads_a_report_out_of_it,
    "what no revision is": test_policies_from.test_what_no_revision_is,
    "a shallow clone": test_policies_from.test_a_shallow_clone_says_what_to_fetch_and_then_works,
    "policies that load only in the change": test_policies_from.test_policies_that_load_only_in_the_change,
    "policies that load only at the base": test_policies_from.test_policies_that_load_only_at_the_base,
    "another content than the pinned one": test_opening.test_another_content_than_the_pinned_one,
    "every edit of a lock": test_lock.test_a_lock_edited_by_hand,
    "a policy set that cannot be read": test_refusals.test_the_report_on_standard_output_is_that_of_a_file,
}

OWN = "policy: own\ntitle: Own\nseverity: high\nrequire: {purpose: {contains: style}}\neffect: block\n"
SET = "policy_set: 1\npolicies: [./policies]\n"
STRICT = {"policy.yaml": SET, "policies/own/own.yaml": OWN}
TONE = "manifest: 1\nproject: tone\napproach: fine-tuning\npurpose: [latency]\n"


def ask_for(folder: str = "reports") -> list[str]:
    """Every format at once."""
    return [word for form in FORMATS for word in ("--output", f"{form}={folder}/{form}")]


def read_reports(folder: Path) -> dict[str, str]:
    """Every report, by its format; each keeps to what its readers ask for."""
    texts = {form: (folder / form).read_bytes().decode() for form in FORMATS}
    assert {path.name for path in folder.iterdir()} == set(FORMATS)
    Decisions.model_validate(json.loads(texts["json"]))
    read_run(texts["sarif"])
    test_junit_report.read(texts["junit"])
    test_gitlab_report.read(texts["gitlab"])
    assert len({len(row) for row in csv.reader(texts["csv"].splitlines())}) == 1
    assert {command.name for command in obey(texts["github"])} <= {"error", "warning", "notice"}
    Page().feed(texts["html"])
    return texts


class Page(HTMLParser):
    """A page on which nothing can act."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "iframe", "object", "embed", "img", "link", "base", "form")
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "srcset", "style")]
        assert not [value for name, value in attrs if name == "href" and not re.match("#|https://", value or "")]


@pytest.fixture
def check(plant, policy, tmp_path):
    """Check what is planted, with every report."""
    (tmp_path / "reports").mkdir()

    def run(files, *arguments, **options):
        plant(files)
        result = policy("check", *ask_for(), *arguments, **options)
        return result, read_reports(tmp_path / "reports")

    return run


def tell_of(said: str, texts: dict[str, str]) -> dict[str, bool]:
    """Whether each report says something, whatever its format makes of quotes."""
    plain = re.sub(r"</?code>|[`\\]", "", said)
    return {form: plain in re.sub(r"</?code>|[`\\]", "", text) for form, text in texts.items() if form not in SPOKEN}


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


# Findings without a position


@pytest.mark.parametrize("name", SCENARIOS)
def test_findings_without_a_position_are_in_every_report(name):
    scenario = SCENARIOS[name]()
    decision = strip(scenario.decision)
    context = scenario.context()._replace(config=None)
    texts = {form: render_decisions(make_reporter(reporters(), form), [decision], context=context) for form in FORMATS}
    acting = [outcome.policy for outcome in decision.outcomes if outcome.effect in ("hold", "block")]
    assert {
        form: missing for form, text in texts.items() if (missing := [one for one in acting if one not in text])
    } == {}
    results = read_run(texts["sarif"])["results"]
    assert all(place["physicalLocation"] for result in results for place in result["locations"])
    assert {issue["location"]["lines"]["begin"] for issue in test_gitlab_report.read(texts["gitlab"])} <= {1}
    assert not [command for command in obey(texts["github"]) if "file" in command.properties]
    test_junit_report.read(texts["junit"])


def strip(decision: Any) -> Any:
    """The decision of a subject that no file names, whose findings stand nowhere."""
    outcomes = tuple(
        outcome._replace(location=None, because=tuple(reason._replace(location=None) for reason in outcome.because))
        for outcome in decision.outcomes
    )
    contradictions = tuple(found._replace(declared_at=None, observed_at=None) for found in decision.contradictions)
    subject = decision.subject._replace(manifest=None, training_config=None)
    return decision._replace(subject=subject, outcomes=outcomes, contradictions=contradictions)


# Control characters and markup in every field

HOSTILE = "<script>alert(1)</script>\\n::error::owned\\r\\n##[add-mask]x | `a` ]]> @everyone =cmd \\e[31m\\u202e\\u2028"
QUOTED = f'"{HOSTILE}"'
POLICY = """\
policy: own
title: TEXT
severity: high
when: {approach: fine-tuning}
require:
  x.note: {equals: TEXT}
  model.base: TEXT
effect: block
instead: [rag]
because: TEXT
fix: TEXT
limits: TEXT
controls: {TEXT: [TEXT]}
references: [TEXT]
"""
MANIFEST = """\
manifest: 1
project: TEXT
owner: {team: TEXT, contact: TEXT}
approach: fine-tuning
purpose: [latency]
model: {base: TEXT, license: TEXT, revision: TEXT}
data: {sources: [{path: TEXT, license: TEXT}]}
tried: [{approach: rag, run: TEXT, score: 1}]
x: {note: "another TEXT inside"}
"""
MANIFESTS = ("::error::owned ##[add-mask]<b>/ml-manifest.yaml", "=cmd|x/ml-manifest.yaml")
TABLE = ("table", "thead", "tbody", "tr", "th", "td")
WAIVERS = """\
waivers: 1
entries:
  - {policy: waived, subject: "*", reason: TEXT, owner: jan, ticket: TEXT, compensating_control: TEXT,
     expires: 2027-01-31, requested_by: nils, requested_on: 2026-11-01, approved_by: maria, approved_on: 2026-11-10}
"""
FIELDS = """\
fields: {x.note: {type: string, about: TEXT}}
name: TEXT
waivers: [./waivers.yaml]
waiver_rules: {approvers: {default: [maria]}}
"""


def test_control_characters_and_markup_act_in_no_field_of_any_report(check, plant, tmp_path):
    files = {
        "policy.yaml": SET + FIELDS,
        "policies/own/own.yaml": POLICY,
        "policies/own/waived.yaml": POLICY.replace("policy: own", "policy: waived"),
        "waivers.yaml": WAIVERS,
        MANIFESTS[0]: MANIFEST,
        MANIFESTS[1]: "manifest: 1\nproject: TEXT\nTEXT: 1\n",
        "@SUM/train.yaml": "base_model: TEXT\nadapter: lora\ndatasets: [{path: TEXT, type: alpaca}]\n",
    }
    files = {
        name: text.replace('"another TEXT inside"', QUOTED.replace("=cmd", "=other")) for name, text in files.items()
    }
    files = {name: text.replace("TEXT", QUOTED) for name, text in files.items()}
    plant(files)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=all")
    result, texts = check({}, "--effective-time", "2026-11-20", "--trusted-revision", "main")
    assert result.code == 2
    decisions = {decision["manifest"]: decision for decision in json.loads(texts["json"])["decisions"]}
    outcomes = {outcome["policy"]: outcome["outcome"] for outcome in decisions[MANIFESTS[0]]["outcomes"]}
    assert outcomes == {"own": "fail", "waived": "waived"}
    everything = {**texts, "standard error": result.err}
    assert {form: bad for form, text in everything.items() if (bad := find_acting(text))} == {}
    assert {
        command.data[:5] for command in obey("\n".join(text for form, text in everything.items() if form != "github"))
    } == set()
    cells = [cell for row in csv.reader(texts["csv"].splitlines()) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t"))] == []
    comment = forge.Page(texts["markdown"])
    assert comment.calls == []
    assert set(comment.tags) <= {"h2", "h3", "p", "code", "strong", "details", "summary", "ul", "li", *TABLE}


def find_acting(text: str) -> set[str]:
    """What a terminal would act on, or takes for the end of a line."""
    return set(re.findall(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", text))


# Inputs that keep a run from judging anything


def test_a_base_revision_that_does_not_exist(check, tmp_path):
    git(tmp_path, "init", "--quiet")
    result, texts = check({**STRICT, "tone/ml-manifest.yaml": TONE}, "--policies-from", "origin/gone")
    assert result.code == 2
    assert result.headlines == ["error: `--policies-from`: there is no revision `origin/gone` in this clone"]
    assert set(tell_of("there is no revision `origin/gone` in this clone", texts).values()) == {True}
    assert json.loads(texts["json"])["decisions"] == []


@pytest.mark.parametrize(
    ("base", "proposed", "code", "said"),
    [
        (f"{SET}modus: x\n", SET, 2, "cannot be read, and no others may judge this change"),
        (SET, f"{SET}modus: x\n", 1, "the policies that are proposed cannot be read"),
    ],
)
def test_policies_that_load_only_on_one_side(base, proposed, code, said, check, plant, tmp_path):
    git(tmp_path, "init", "--quiet")
    plant({**STRICT, "policy.yaml": base, ".gitignore": "reports\n"})
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=base")
    change = {"policy.yaml": proposed, "tone/ml-manifest.yaml": TONE}
    result, texts = check(change, "--policies-from", "main")
    document = json.loads(texts["json"])
    assert (result.code, len(document["decisions"])) == (code, 2 - code)
    assert said in result.err
    assert set(tell_of(said, texts).values()) == {True}


ORG = {"policy.yaml": SET.encode(), "policies/own/own.yaml": OWN.encode()}


def plant_bundle(plant, digest: str = "") -> str:
    """Plant a bundle in a folder beside what extends it, and give how it is pinned."""
    pin = (digest or digest_files(ORG)).replace(":", "=")
    plant({f"org/{name}": content for name, content in ORG.items()})
    plant({"policy.yaml": f'policy_set: 1\nextends: ["./org#{pin}"]\n', "tone/ml-manifest.yaml": TONE})
    return pin


def test_a_bundle_whose_digest_is_wrong(check, plant):
    plant_bundle(plant, f"sha256:{'0' * 64}")
    result, texts = check({})
    assert result.code == 2
    said = f"the content of the bundle `org` is not what it is pinned to: it has {digest_files(ORG)}"
    assert result.headlines == [f"error: policy.yaml:2:11: {said}"]
    assert set(tell_of(said, texts).values()) == {True}
    plant_bundle(plant)
    # The right one judges.
    assert check({})[0].code == 1


@pytest.mark.parametrize("edit", ["bytes: 1", "sha256:1", "# by hand\n"])
def test_a_lock_file_edited_by_hand(edit, check, plant, policy, tmp_path):
    plant_bundle(plant)
    assert policy("bundle", "lock").code == 0
    lock = tmp_path / "policy.lock"
    text = lock.read_text(encoding="utf-8")
    assert check({})[0].code == 1
    old = edit.rstrip("1")
    lock.write_text(text.replace(old, f"{edit}", 1) if old in text and old != edit else text + edit, encoding="utf-8")
    result, texts = check({})
    assert result.code == 2
    (headline,) = result.headlines
    assert headline.startswith("error: policy.lock:1:1: ")
    assert result.helps == ["run `policy bundle lock`, and have the lock file reviewed with the rest"]
    assert set(tell_of(headline.partition("1:1: ")[2], texts).values()) == {True}


# Many projects, and many jobs

MANY = 5_000


def test_five_thousand_projects_are_all_in_every_report_or_it_says_how_many_are_not(plant, policy, tmp_path):
    names = [f"p-{number}" for number in range(MANY)]
    purposes = ("latency", "style")
    files = {
        f"p/{number // 100}/{number}/ml-manifest.yaml": TONE.replace("tone", name).replace(
            "latency", purposes[number % 2]
        )
        for number, name in enumerate(names)
    }
    plant({**STRICT, **files})
    (tmp_path / "reports").mkdir()
    result = policy("check", *ask_for())
    assert (result.code, result.err) == (1, "")
    texts = {form: (tmp_path / "reports" / form).read_text(encoding="utf-8") for form in FORMATS}
    blocked = names[::2]
    document = json.loads(texts["json"])
    assert [decision["project"] for decision in document["decisions"]] == sorted_as_found(names, document)
    assert document["summary"]["verdicts"] == {"allow": MANY // 2, "flag": 0, "hold": 0, "block": MANY // 2}
    assert count_words(texts["csv"], r"^(p-\d+),") == Counter(names)
    suites = ET.fromstring(texts["junit"]).findall("testsuite")
    assert Counter(str(suite.get("name")).partition(" ")[0] for suite in suites) == Counter(names)
    assert sum(int(str(suite.get("failures"))) for suite in suites) == MANY // 2
    results = json.loads(texts["sarif"])["runs"][0]["results"]
    assert Counter(result["properties"]["project"] for result in results) == Counter(blocked)
    assert Counter(issue["description"].partition(":")[0] for issue in json.loads(texts["gitlab"])) == Counter(blocked)
    assert count_words(texts["html"], r"<h3[^>]*>.*?(p-\d+)<") == Counter(names)
    assert count_words(texts["text"], r"^(?:allow|block)  (p-\d+) ") == Counter(names)
    assert count_words(texts["short"], r": (?:allow|block): (p-\d+)$") == Counter(names)
    # Where there is room for so much only, it says how much more there is.
    assert f"and {MANY // 2 - 10:,} more errors" in texts["github"]
    headings = count_words(texts["markdown"], r"^### Blocked: `(p-\d+)`$")
    assert f"{MANY // 2 - len(headings):,} more projects are left out" in texts["markdown"]


def sorted_as_found(names: list[str], document: dict[str, Any]) -> list[str]:
    """The names in the order of the report; none twice, and none missing."""
    found = [decision["project"] for decision in document["decisions"]]
    assert Counter(found) == Counter(names)
    return found


def count_words(text: str, pattern: str) -> Counter[str]:
    return Counter(re.findall(pattern, text, re.MULTILINE))


def test_two_jobs_that_write_the_same_reports_leave_whole_ones(plant, policy, tmp_path):
    sizes = {"few": 1, "some": 20, "many": 60}
    files = {
        f"{job}/{n}/ml-manifest.yaml": TONE.replace("tone", f"{job}-{n}")
        for job, size in sizes.items()
        for n in range(size)
    }
    plant({**STRICT, **files})
    (tmp_path / "reports").mkdir()
    jobs = [policy.start("check", *ask_for(), job) for job in [*sizes] * 2]
    assert [job.wait(timeout=60) for job in jobs] == [1] * len(jobs)
    for job in jobs:
        job.communicate()
    texts = read_reports(tmp_path / "reports")
    for form in (form for form in FORMATS if form not in ("github", "markdown")):
        found = set(re.findall(r"\b((?:few|some|many)-\d+)", texts[form]))
        (job,) = {name.partition("-")[0] for name in found}
        assert len(found) == sizes[job], form


def test_what_has_its_test_elsewhere_has_one():
    assert all(callable(test) and test.__name__.startswith("test_") for test in ELSEWHERE.values())
