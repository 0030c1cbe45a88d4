"""The rules of a SARIF report: all that is judged at the gate, with what GitHub shows of each."""

from __future__ import annotations

from typing import Any

import pytest

from policy.model.policy import Policy, PolicySet
from policy.reports.sarif_rules import LONGEST, RESERVED, list_rules, list_taxonomies, quote_braces
from tests.building import make_policy
from tests.reports.scenarios import POLICIES, VOLATILE

CONTROLLED = make_policy(
    """\
policy: pinned
severity: low
when: {approach: fine-tuning}
require: {model.revision: {present: true}}
effect: {ci: hold}
because: A name can mean other weights tomorrow.
limits: Not for weights of your own.
references: [Model cards, "https://example.org/a page", "https://example.org/pinning?x=1"]
controls: {nist-ai-rmf: [MAP 4.1, GOVERN 6.1], iso-42001: [A.10.3]}
""",
    "policies/models/pinned.yaml",
)


def find(policy: Policy, gate: str = "ci", **settings: object) -> dict[str, Any]:
    """The rule of one policy."""
    rules = list_rules(PolicySet((policy,), **settings), gate)  # type: ignore[arg-type]
    assert [rule["id"] for rule in rules[1:]] == list(RESERVED)
    return rules[0]


def test_every_policy_that_is_judged_at_the_gate_has_a_rule():
    rules = [rule["id"] for rule in list_rules(PolicySet((*POLICIES, CONTROLLED)), "check")]
    assert rules == [*sorted(policy.id for policy in POLICIES), *RESERVED]


def test_a_rule_says_what_is_required_why_and_what_to_do():
    rule = find(VOLATILE)
    assert rule["shortDescription"]["text"] == "Do not fine-tune on data that changes often."
    assert rule["help"]["text"] == (
        "Required: data.change_interval must be at least 30 days (shortest_interval).\n\n"
        "Where: approach is fine-tuning or hybrid.\n\n"
        "What to do: Serve the changing part from retrieval and train only on what stays valid for 30 days.\n\n"
        "Instead: rag.\n\nMore: policy explain volatile-data"
    )
    assert "**Instead.** rag." in rule["help"]["markdown"]
    assert rule["help"]["markdown"].endswith("More: `policy explain volatile-data`")


def test_parameters_of_the_policy_set_count():
    rule = find(VOLATILE, params={"volatile-data.shortest_interval": 60 * 86_400_000})
    assert "at least 60 days" in rule["help"]["text"]
    assert "valid for 60 days" in rule["help"]["text"]


@pytest.mark.parametrize(
    ("severity", "score", "effect", "level", "problem"),
    [
        ("critical", "9.5", "block", "error", "error"),
        ("high", "8.0", "hold", "warning", "warning"),
        ("medium", "5.5", "flag", "warning", "warning"),
        ("low", "2.0", "advise", "note", "recommendation"),
    ],
)
def test_severities_are_those_of_the_policy_and_levels_those_of_its_effect(severity, score, effect, level, problem):
    rule = find(make_policy(f"severity: {severity}\neffect: {effect}\nrequire: {{approach: rag}}\n"))
    assert rule["defaultConfiguration"] == {"level": level}
    assert rule["properties"]["security-severity"] == score
    assert rule["properties"]["problem.severity"] == problem


def test_the_effect_that_the_policy_set_gives_counts():
    assert find(VOLATILE, effects={"volatile-data": {"ci": "advise"}})["defaultConfiguration"] == {"level": "note"}


def test_controls_are_tags_and_relationships():
    rule = find(CONTROLLED)
    assert rule["properties"]["tags"] == [
        "ml-governance",
        "iso-42001:A.10.3",
        "nist-ai-rmf:GOVERN 6.1",
        "nist-ai-rmf:MAP 4.1",
    ]
    targets = [(item["target"]["toolComponent"]["name"], item["target"]["id"]) for item in rule["relationships"]]
    assert targets == [("iso-42001", "A.10.3"), ("nist-ai-rmf", "GOVERN 6.1"), ("nist-ai-rmf", "MAP 4.1")]
    taxonomies = list_taxonomies(PolicySet((CONTROLLED, VOLATILE)), "ci")
    assert {item["name"]: [taxon["id"] for taxon in item["taxa"]] for item in taxonomies} == {
        "iso-42001": ["A.10.3"],
        "nist-ai-rmf": ["GOVERN 6.1", "MAP 4.1"],
    }


def test_there_are_no_more_tags_than_a_rule_may_have_and_no_control_is_lost():
    controls = ", ".join(f"C.{number}" for number in range(40))
    rule = find(make_policy(f"controls: {{house: [{controls}]}}\nrequire: {{approach: rag}}\n"))
    assert len(rule["properties"]["tags"]) == 20
    assert len(rule["relationships"]) == 40


def test_the_first_address_among_the_references_is_the_link():
    assert find(CONTROLLED)["helpUri"] == "https://example.org/pinning?x=1"
    assert "helpUri" not in find(VOLATILE)


def test_markup_in_a_policy_is_text():
    rule = find(make_policy('because: "<b>[x](y)</b> { z }"\nrequire: {approach: rag}\n'))
    assert rule["fullDescription"]["text"] == "<b>[x] (y)</b> {{ z }}."
    assert "<b>" not in rule["help"]["markdown"]
    assert "[x](y)" not in rule["help"]["markdown"]


def test_an_endless_text_is_cut_with_a_sign():
    rule = find(make_policy(f"because: {'x' * (LONGEST + 1)}\nrequire: {{approach: rag}}\n"))
    assert "x…" in rule["help"]["text"]
    assert len(rule["help"]["text"]) < LONGEST + 300


@pytest.mark.parametrize(
    ("text", "written"), [("{0}", "{{0}}"), ("a {", "a {{"), ("[a](b)", "[a] (b)"), ("[a] b", "[a] b")]
)
def test_a_message_holds_no_placeholder_and_no_link(text, written):
    assert quote_braces(text) == written
