"""A policy's page: what a reviewer reads, whole, and nothing in it that a policy's author could make act."""

from __future__ import annotations

import re

import pytest

from policy.model.fields import SCHEMA
from policy.model.policy import Policy
from policy.reports.pages.entry import MARK, GateEffect, PolicyEntry
from policy.reports.pages.examples import find_examples
from policy.reports.pages.index import place_page, write_index
from policy.reports.pages.page import write_page
from tests.building import make_policy

BLOCK = (GateEffect("block"), GateEffect("flag", "hold", "nobody can approve"))

ROWS = """\
policy: enough-rows
title: Have enough rows
severity: high
when: {approach: [fine-tuning, hybrid], run.activity: training}
require: {data.rows: {at_least: {param: fewest}}}
params: {fewest: {default: 100, about: Rows that are enough}}
effect: {commit: flag, default: block}
instead: [few-shot]
because: Few rows teach little.
fix: Collect {fewest} rows, or state `needs.varied_tasks`.
limits: Rows of a book each are fewer and enough.
since: 0.1.0
references: [The handbook, https://example.com/rows?a=1&b=2]
controls: {nist-ai-rmf: [MAP 2.3, MANAGE 2.2], iso-42001: [A.7.2]}
cases:
  - {given: {approach: hybrid, data.rows: 99}, expect: fail}
  - {given: {approach: fine-tuning, data.rows: 5}, expect: fail}
  - {given: {approach: fine-tuning, data.rows: 5, stage: pilot}, expect: fail}
  - {given: {approach: rag}, expect: not-applicable}
  - {given: {approach: fine-tuning, data.rows: 100}, expect: pass}
  - {given: {approach: fine-tuning, data.rows: 5}, params: {fewest: 5}, expect: pass}
"""

NESTED = """\
policy: nested
title: Try what is cheaper, of many kinds
severity: low
require:
  any:
    - {data.secrets: 0, owner.team: {present: true}}
    - tried: {some: {any: [{approach: rag}, {approach: few-shot, few_shot: {at_least: 3}}], sufficient: false}}
    - data.sources: {each: {where: {split: train}, require: {license: {present: true, one_of: {param: allowed}}}}}
    - release.retires: {more_than: {now: 30d}}
params: {allowed: {about: "Licences | that are allowed"}}
observed: data.secrets
effect: {run: hold}
cases:
  - {given: {owner.team: ml, tried: []}, observed: {data.secrets: 2}, absent: data.sources, params: {allowed: [mit]},
     expect: unknown}
  - {given: {owner.team: ml, tried: [], data.sources: [{path: a.jsonl, split: train}], release.retires: 2026-01-31},
     observed: {data.secrets: 2}, params: {allowed: [mit, "x: y"]}, expect: fail}
  - {given: {owner.team: ml}, observed: {data.secrets: 0}, at: 2026-05-01, params: {allowed: [mit]}, expect: pass}
"""


def make_entry(policy: Policy, link: str = "", **params: object) -> PolicyEntry:
    """The policy as it would be in force, with these values for parameters."""
    values = {spec.name: spec.default for spec in policy.params if spec.default is not None} | params
    effects = dict.fromkeys(("check", "run"), BLOCK) | {"commit": None}
    examples = find_examples(policy, values, SCHEMA)
    return PolicyEntry(policy, values, effects, SCHEMA, examples, "own/a.yaml", link)


@pytest.mark.parametrize(("name", "text"), [("plain", ROWS), ("nested", NESTED)])
def test_a_page(name, text, snapshot):
    snapshot(f"reports/policy_page/{name}.md", write_page(make_entry(make_policy(text), "../../own/a.yaml")))


def test_the_index(snapshot):
    entries = [make_entry(make_policy(text)) for text in (ROWS, NESTED)]
    snapshot("reports/policy_page/index.md", write_index(entries, "acme"))


def test_a_page_says_what_is_in_force_here():
    page = write_page(make_entry(make_policy(ROWS), fewest=4))
    assert "must be at least 4 (`fewest`)" in page
    assert "Collect 4 rows" in page
    assert "| `fewest` | Rows that are enough | number | 100 | 4 |" in page
    assert "enough-rows.fewest: 4" in page
    # With four rows enough, no case fails any more, and none is shown as if it did.
    assert "### This fails" not in page
    assert "### This passes" in page


def test_a_policy_that_waits_for_a_parameter_says_so():
    text = "require: {model.base: {one_of: {param: approved}}}\nparams: {approved: {about: Base models}}\n"
    page = write_page(make_entry(make_policy(text)))
    assert "It applies to nothing until the policy set gives a value to `approved`." in page
    assert "  test-policy.approved: …\n" in page
    assert "must be one of an empty list (`approved`)" in write_page(make_entry(make_policy(text), approved=()))


def test_texts_are_set_apart_from_words_of_the_schema():
    text = (
        "require: {model.base: {starts_with: '-x', none_of: [none, 'a or b']}, stage: pilot, approach: [rag, hybrid]}\n"
    )
    assert [line for line in write_page(make_entry(make_policy(text))).splitlines() if line.startswith("- ")] == [
        "- `model.base` must start with `-x`",
        "- `model.base` must be neither `none` nor `a or b`",
        "- `stage` must be pilot",
        "- `approach` must be rag or hybrid",
    ]


def test_dates_and_layers_are_said():
    page = write_page(make_entry(make_policy(ROWS))._replace(starts="2027-01-01", final=True))
    assert "\nIt acts in full from 2027-01-01 on.\n" in page
    assert "\nIt is final: " in page


def test_what_follows_from_other_facts_is_not_called_observed():
    text = (
        "require: {release.license_conflicts: 0, data.rows: {at_least: 1}}\ncases:\n"
        "  - {observed: {release.license_conflicts: 0, data.rows: 1}, expect: pass}\n"
    )
    page = write_page(make_entry(make_policy(text)))
    assert "- `release.license_conflicts: 0`, which follows from other facts\n" in page
    assert "- `data.rows: 1`, observed\n" in page


def test_nothing_is_said_where_there_is_nothing():
    page = write_page(make_entry(make_policy("require: {stage: pilot}\n")))
    assert re.findall(r"^## (.+)", page, re.MULTILINE) == [
        "What it requires",
        "What it does",
        "What it looks at",
        "How to ask for a waiver",
        "Where it comes from",
    ]
    assert "\n\n\n" not in page
    assert page.endswith("\n")
    assert not page.endswith("\n\n")


HOSTILE = '</td>|`<img src=x onerror="alert(1)">`| [a](javascript:alert(1)) *x* \\n\\n# Heading\\n```\\n'


def test_what_an_author_writes_stays_text():
    text = f"""\
policy: hostile
title: "{HOSTILE.replace('"', chr(92) + '"')}"
severity: low
require: {{model.base: {{one_of: {{param: approved}}}}}}
params: {{approved: {{default: ["a|b`<b>"], about: "{HOSTILE.replace('"', chr(92) + '"')}"}}}}
effect: flag
because: "{HOSTILE.replace('"', chr(92) + '"')}"
fix: "{HOSTILE.replace('"', chr(92) + '"')}"
limits: "# limits"
since: "<b>"
references: ["<b>|", "- item"]
controls: {{"<script>": ["|", "`"]}}
cases:
  - {{given: {{model.base: "x```\\n```\\n# y: <b>"}}, expect: fail}}
  - {{given: {{model.base: "a|b`<b>"}}, expect: pass}}
"""
    policy = make_policy(text)
    entry = make_entry(move(policy, "<i>|a/b"))
    for page in (write_page(entry), write_index([entry], "<u>`|")):
        plain = without_code(page.removeprefix(MARK))
        assert not re.search(r"<(?!https?://)", plain), plain
        assert not re.search(r"(?<!\\)\]\(\w+:", plain)
        assert not re.search(r"^#+ Heading", plain, re.MULTILINE)
        for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
            bars = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
            assert len(bars) == 1, table


def without_code(page: str) -> str:
    """The page without blocks and spans of code, in which nothing acts."""
    page = re.sub(r"^(`{3,})\w*\n.*?^\1\n", "", page, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)", "", page)


@pytest.mark.parametrize(
    ("area", "place"),
    [("own", "own/a.md"), ("", "other/a.md"), ("..", "other/a.md"), ("a b/|c", "a-b-c/a.md"), (".git", "git/a.md")],
)
def test_no_area_leads_out_of_the_folder(area, place):
    policy = make_policy("policy: a\nrequire: {stage: pilot}\n")
    assert place_page(make_entry(move(policy, area))) == place


def move(policy: Policy, area: str) -> Policy:
    """The policy in another area."""
    return Policy(**{name: getattr(policy, name) for name in policy._fields} | {"area": area})
