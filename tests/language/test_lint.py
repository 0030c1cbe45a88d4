"""Each rule of the linter finds what it names, where it stands, and nothing in a policy that is as it should be."""

from __future__ import annotations

import pytest

from policy.language.lint import LONGEST_BECAUSE, LONGEST_TITLE, RULES, lint_policy
from policy.language.policies import read_policy
from tests.building import make_document

GOOD = {
    "policy": "example",
    "title": "An example",
    "severity": "high",
    "when": "{approach: [fine-tuning, hybrid]}",
    "require": "{data.rows: {at_least: {param: fewest}}, tried: {count: {at_least: 1}}}",
    "params": "{fewest: {default: 50, about: The fewest examples}}",
    "effect": "{commit: flag, default: block}",
    "instead": "[rag]",
    "because": "Few examples teach nothing.",
    "fix": "Add examples.",
    "references": "[A guide]",
    "cases": "[{given: {approach: rag}, expect: not-applicable}]",
}


def lint(
    area: str = "fine-tuning", file: str = "policies/fine-tuning/example.yaml", **changes: str | None
) -> list[str]:
    """What is found in a good policy that was changed; None leaves a key out."""
    lines = {**GOOD, **changes}
    if "require" in changes:
        # What stands there instead names its own thresholds.
        lines["params"] = changes.get("params")
    text = "".join(f"{key}: {value}\n" for key, value in lines.items() if value is not None)
    document = make_document(text, file)
    return [
        f"{problem.location.line}:{problem.location.column} {problem.message}"
        for problem in lint_policy(read_policy(document, area=area), document)
        if problem.location is not None and problem.location.file == file and problem.remedy
    ]


def rules_of(findings: list[str]) -> list[str]:
    return [finding.rpartition("[")[2].removesuffix("]") for finding in findings]


def test_a_good_policy_has_no_findings():
    assert lint() == []


FOUND = [
    ({"fix": None}, "1:9 the policy does not say what to do [no-fix]"),
    ({"because": None}, "1:9 the policy does not say why [no-because]"),
    ({"cases": None}, "1:9 the policy has no cases [no-cases]"),
    ({"title": "An example."}, "2:8 the title ends with a full stop [title-full-stop]"),
    ({"title": "<What it asks for>"}, "2:8 the `title` is still a placeholder [placeholder]"),
    ({"title": "a" * 81}, "2:8 the `title` has 81 characters, more than 80 [long-title]"),
    ({"because": "a" * 601}, "9:10 the `because` has 601 characters, more than 600 [long-because]"),
    (
        {"effect": "{commit: block}"},
        "7:9 the policy has an effect at commits only, which can be bypassed [commit-only]",
    ),
    ({"params": "{fewest: {default: 50}}"}, "6:10 parameter `fewest` does not say what it means [no-about]"),
    (
        {"file": "policies/fine-tuning/other.yaml"},
        "1:9 the policy `example` stands in a file named `other` [file-name]",
    ),
    (
        {"require": "{data.rows: {at_least: 50}}"},
        "5:33 the threshold of `at_least` is no parameter [fixed-threshold]",
    ),
    (
        {"require": "{tried: {count: {at_least: 2}}}"},
        "5:19 the threshold of `at_least` is no parameter [fixed-threshold]",
    ),
    (
        {"require": "{cost.run: {at_most: 5 USD}}"},
        "5:31 the threshold of `at_most` is no parameter [fixed-threshold]",
    ),
    (
        {"require": "{model.retires: {more_than: {now: 90d}}}"},
        "5:38 the threshold of `more_than` is no parameter [fixed-threshold]",
    ),
    (
        {"require": "{model.retires: {more_than: 2026-11-20}}"},
        "5:38 the threshold of `more_than` is no parameter [fixed-threshold]",
    ),
    (
        {"require": "{tried: {some: {score: {at_least: 0.5}}}}"},
        "5:44 the threshold of `at_least` is no parameter [fixed-threshold]",
    ),
    (
        {"require": "{data.sources: {each: {require: {license: mit}}}}"},
        "5:26 `each` on `data.sources` holds where the list is empty [bare-each]",
    ),
    (
        {"require": "{data.rows: {present: false}}"},
        "5:32 a missing `data.rows` meets this test, and stating it can turn a pass into a fail [absence-test]",
    ),
    (
        {"when": "{data.rows: {present: true}}"},
        "4:29 `when` asks whether `data.rows` is known: a policy that it leaves out is not judged [absence-test]",
    ),
    ({"require": "{stage: {one_of: [pilot]}}"}, "5:27 `one_of` on `stage` names one value only [single-value]"),
    (
        {"require": "{stage: {none_of: [pilot, pilot]}}"},
        "5:28 `none_of` on `stage` names a value twice [repeated-value]",
    ),
    (
        {"require": "{stage: {one_of: []}}"},
        "5:27 `one_of` on `stage` names no value and is always false [constant-test]",
    ),
    (
        {"require": "{purpose: {contains_none: []}}"},
        "5:36 `contains_none` on `purpose` names no value and is always true [constant-test]",
    ),
]


@pytest.mark.parametrize(("changes", "expected"), FOUND, ids=[expected.rpartition(" ")[2] for _, expected in FOUND])
def test_each_rule_finds_what_it_names(changes, expected):
    assert lint(**changes) == [expected]


def test_every_rule_is_tried_and_explained():
    assert set(rules_of([expected for _, expected in FOUND])) == set(RULES)
    assert all(RULES.values())


def test_findings_are_warnings_with_a_remedy():
    text = "policy: example\ntitle: T.\nseverity: low\nrequire: {data.rows: 5}\neffect: block\n"
    document = make_document(text, "example.yaml")
    problems = lint_policy(read_policy(document), document)
    assert {problem.level for problem in problems} == {"warning"}
    assert all(problem.remedy and problem.location for problem in problems)
    assert rules_of([problem.message for problem in problems]) == [
        *("no-because", "no-fix", "no-cases", "title-full-stop"),
    ]


# What looks like a finding and is none

EACH = "each: {require: {license: mit}}"


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "a" * LONGEST_TITLE},
        {"because": "a" * LONGEST_BECAUSE},
        {"area": "release", "instead": None},
        {"effect": "{commit: flag, ci: block}"},
        {"effect": "{default: block}"},
        {"require": "{data.rows: 50}"},
        {"require": "{data.rows: {more_than: 0}}"},
        {"require": "{cost.run: {more_than: 0 USD}}"},
        {"require": "{tried: {count: {at_least: 1}}}"},
        {"require": "{model.retires: {more_than: {now: 0d}}}"},
        {"require": "{evaluation.tuned: {more_than: {field: evaluation.baseline}}}"},
        {"require": "{purpose: {contains_any: [style]}}"},
        # An `each` beside something that needs an entry
        {"require": f"{{data.sources: {{{EACH}, some: {{split: train}}}}}}"},
        {"require": f"{{data.sources: {{{EACH}, count: {{more_than: 0}}}}}}"},
        {"require": f"{{all: [{{data.sources: {{{EACH}}}}}, {{data.sources: {{count: {{equals: 1}}}}}}]}}"},
        {"when": "{data.sources: {count: {not_equals: 0}}}", "require": f"{{data.sources: {{{EACH}}}}}"},
        # More entries only make these stricter
        {"require": f"{{not: {{data.sources: {{{EACH}}}}}}}"},
        {"when": f"{{data.sources: {{{EACH}}}}}"},
        # Presence that more facts can only help
        {"require": "{data.rows: {present: true}}"},
        {"require": "{present: [data.rows, data.tokens]}"},
        {"require": "{not: {data.rows: {present: false}}}"},
        {"require": "{tried: {some: {score: {present: true}}}}"},
        {"require": "{tried: {count: {where: {score: {present: true}}, at_least: 1}}}"},
    ],
    ids=str,
)
def test_what_is_no_finding(changes):
    assert lint(**changes) == []


@pytest.mark.parametrize(
    "require",
    [
        f"{{data.sources: {{{EACH}, count: {{at_least: 0}}}}}}",
        f"{{data.sources: {{{EACH}, count: {{at_most: 1}}}}}}",
        f"{{any: [{{data.sources: {{{EACH}}}}}, {{data.sources: {{some: {{split: train}}}}}}]}}",
        f"{{data.sources: {{{EACH}}}, tried: {{count: {{at_least: 1}}}}}}",
    ],
)
def test_an_each_that_an_empty_list_meets(require):
    assert rules_of(lint(require=require)) == ["bare-each"]


@pytest.mark.parametrize(
    "require",
    [
        "{not: {data.rows: {present: true}}}",
        "{not: {not: {data.rows: {present: false}}}}",
        "{tried: {each: {where: {score: {present: true}}, require: {approach: rag}}, some: {approach: rag}}}",
        "{tried: {count: {where: {score: {present: true}}, at_most: 1}}}",
        "{tried: {count: {where: {score: {present: true}}, equals: 1}}}",
        "{not: {tried: {some: {score: {present: true}}}}}",
    ],
)
def test_a_test_that_a_missing_fact_meets(require):
    assert rules_of(lint(require=require)) == ["absence-test"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"because": "<Why it is asked>"}, "9:10 the `because`"),
        ({"fix": "'<What to do>'"}, "10:6 the `fix`"),
        ({"limits": ">\n  <When it may be\n  wrong>"}, "13:9 the `limits`"),
        ({"params": "{fewest: {default: 50, about: <What it means>}}", "require": GOOD["require"]}, None),
    ],
)
def test_a_text_in_angle_brackets_is_still_to_be_written(changes, place):
    place = place or "6:10 `about` of parameter `fewest`"
    assert lint(**changes) == [f"{place} is still a placeholder [placeholder]"]


@pytest.mark.parametrize("text", ["Use <b> tags.", "<a> or <b>", "<>", "Fewer than <"])
def test_other_angle_brackets_are_text(text):
    assert lint(because=text) == []
