"""What an outcome says: what was found, what is required, and where."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given

from policy.language.explanation import Explainer, Explanation
from policy.language.interpreter import judge_policy
from policy.model.facts import Facts
from tests.building import make_facts, make_policy
from tests.strategies import situations

TODAY = date(2026, 11, 20)


def explain_text(policy_text: str, facts: Facts) -> Explanation:
    policy = make_policy(policy_text + "\n")
    params = {spec.name: spec.default for spec in policy.params}
    return Explainer(policy, params).explain(facts, TODAY)


# What is required, what is declared, and the message.
MESSAGES = [
    # One test
    ("{data.rows: {at_least: 1000}}", "data: {rows: 400}", "data.rows is 400 (declared), at least 1,000 is required"),
    ("{data.rows: {at_least: 1000}}", "", "data.rows is not known, at least 1,000 is required"),
    (
        "{stage: [pilot, production]}",
        "stage: prototype",
        "stage is prototype (declared), pilot or production is required",
    ),
    ("{stage: {not_equals: pilot}}", "stage: pilot", "stage is pilot (declared), and must not be pilot"),
    (
        "{stage: {none_of: [pilot, retired]}}",
        "stage: pilot",
        "stage is pilot (declared), and must be neither pilot nor retired",
    ),
    (
        "{not: {needs.citations: true}}",
        "needs: {citations: true}",
        "needs.citations is true (declared), and must not be true",
    ),
    ("{not: {needs.citations: true}}", "", "needs.citations is not known, and must not be true"),
    (
        "{purpose: {contains_any: [style, latency]}}",
        "purpose: [knowledge, other]",
        "purpose is knowledge and other (declared), and must contain at least one of style and latency",
    ),
    ("{purpose: {contains: style}}", "purpose: []", "purpose is empty (declared), and must contain style"),
    (
        '{model.base: {matches: "Qwen/.*"}}',
        "model: {base: gpt2}",
        'model.base is gpt2 (declared), and must match "Qwen/.*"',
    ),
    ("{owner.team: {present: true}}", "", "owner.team is not stated, and must be"),
    ("{owner.team: {present: false}}", "owner: {team: ml}", "owner.team is stated (declared), and must not be stated"),
    (
        "{needs.update_within: {at_least: {field: training.interval}}}",
        "needs: {update_within: 1d}\ntraining: {interval: 30d}",
        (
            "needs.update_within is 1 day (declared), at least training.interval is required"
            " (training.interval is 30 days)"
        ),
    ),
    (
        "{needs.update_within: {at_least: {field: training.interval}}}",
        "needs: {update_within: 1d}",
        (
            "needs.update_within is 1 day (declared), at least training.interval is required"
            " (training.interval is not known)"
        ),
    ),
    # Several tests: all that fail, or where none does all that are open
    (
        "{data.rows: {at_least: 1000}, stage: pilot, needs.citations: false}",
        "data: {rows: 400}\nstage: retired",
        "data.rows is 400 (declared), at least 1,000 is required; stage is retired (declared), pilot is required",
    ),
    (
        "{data.rows: {at_least: 1}, stage: pilot, needs.citations: false}",
        "data: {rows: 400}",
        "stage is not known, pilot is required; needs.citations is not known, false is required",
    ),
    # One of several ways
    (
        "{any: [{needs.citations: false}, {retrieval.planned: true}]}",
        "needs: {citations: true}\nretrieval: {planned: false}",
        (
            "needs.citations must be false (it is true, declared),"
            " or retrieval.planned must be true (it is false, declared)"
        ),
    ),
    (
        "{any: [{needs.citations: false}, {retrieval.planned: true}]}",
        "needs: {citations: true}",
        "needs.citations must be false (it is true, declared), or retrieval.planned must be true (it is not known)",
    ),
    (
        "{any: [{stage: pilot}, {all: [{needs.citations: false}, {approach: rag}]}]}",
        "stage: retired\nneeds: {citations: true}\napproach: few-shot",
        (
            "stage must be pilot (it is retired, declared), or (needs.citations must be false (it is true, declared),"
            " and approach must be rag (it is few-shot, declared))"
        ),
    ),
    (
        "{any: [{stage: pilot}, {all: [{needs.citations: false}, {approach: rag}]}]}",
        "stage: retired\nneeds: {citations: true}\napproach: rag",
        "stage must be pilot (it is retired, declared), or needs.citations must be false (it is true, declared)",
    ),
    (
        "{not: {all: [{stage: pilot}, {approach: rag}]}}",
        "stage: pilot\napproach: rag",
        "stage must not be pilot (it is pilot, declared), or approach must not be rag (it is rag, declared)",
    ),
    (
        "{any: [{stage: pilot}, {all: [{any: [{approach: rag}, {needs.citations: false}]}, {data.rows: 5}]}]}",
        "stage: retired\napproach: few-shot\nneeds: {citations: true}\ndata: {rows: 5}",
        (
            "stage must be pilot (it is retired, declared), or approach must be rag (it is few-shot, declared),"
            " or needs.citations must be false (it is true, declared)"
        ),
    ),
    (
        "{any: [{stage: pilot}, {needs.update_within: {at_least: {field: training.interval}}}]}",
        "stage: retired\nneeds: {update_within: 1d}\ntraining: {interval: 30d}",
        (
            "stage must be pilot (it is retired, declared), or needs.update_within must be at least training.interval"
            " (it is 1 day, declared; training.interval is 30 days)"
        ),
    ),
    # What must be stated and must be something: stating it would not be enough
    (
        "{any: [{approach: rag}, {all: [{retrieval.planned: {present: true}}, {retrieval.planned: true}]}]}",
        "approach: few-shot",
        "approach must be rag (it is few-shot, declared), or retrieval.planned must be true (it is not known)",
    ),
    (
        "{all: [{retrieval.planned: {present: true}}, {retrieval.planned: true}]}",
        "",
        "retrieval.planned is not known, true is required",
    ),
    # Lists of records
    ("{tried: {some: {approach: rag}}}", "", "tried is not known, and must hold an entry where its approach is rag"),
    (
        "{tried: {some: {approach: rag}}}",
        "tried: []",
        "tried holds no entries (declared), and must hold one where its approach is rag",
    ),
    (
        "{tried: {some: {approach: rag}}}",
        "tried: [{approach: few-shot}]",
        "tried holds 1 entry (declared), but none where its approach is rag",
    ),
    (
        "{tried: {some: {approach: rag}}}",
        "tried: [{score: 1}, {approach: few-shot}]",
        "tried holds 2 entries (declared), which leaves open whether it holds one where its approach is rag",
    ),
    (
        "{not: {tried: {some: {sufficient: true}}}}",
        "tried: [{results: a.json, sufficient: true}, {sufficient: true}, {sufficient: false}]",
        "tried holds a.json and entry 2 (declared), and must hold no entry where its sufficient is true",
    ),
    (
        "{not: {tried: {some: {sufficient: true}}}}",
        "tried: [{results: a.json}]",
        (
            "tried holds 1 entry (declared), which leaves open whether it holds one where its sufficient is true,"
            " and it must hold none"
        ),
    ),
    (
        "{data.sources: {each: {where: {split: train}, require: {license: mit}}}}",
        "data: {sources: [{path: a, split: train, license: mit}, {path: b, split: train, license: x}]}",
        "b in data.sources: license is x (declared), mit is required",
    ),
    (
        "{data.sources: {each: {require: {license: mit, rows: {at_least: 1}}}}}",
        "data: {sources: [{path: a, license: x, rows: 0}, {path: b, license: x}, {path: c, license: y}]}",
        (
            "a in data.sources: license is x (declared), mit is required; rows is 0 (declared), at least 1 is required;"
            " so it is with 2 other entries"
        ),
    ),
    (
        "{data.sources: {each: {require: {license: mit}}}}",
        "data: {sources: [{path: a, license: mit}, {path: b}]}",
        "b in data.sources: license is not known, mit is required",
    ),
    (
        "{data.sources: {each: {where: {split: train}, require: {license: mit}}}}",
        "data: {sources: [{path: a, license: x}]}",
        "a in data.sources may be meant: license is x (declared), mit is required",
    ),
    (
        "{not: {data.sources: {each: {require: {license: mit}}}}}",
        "data: {sources: [{path: a, license: mit}]}",
        "data.sources holds 1 entry (declared), and must hold an entry for which its license is not mit",
    ),
    (
        "{tried: {count: {where: {approach: rag}, at_least: 2}}}",
        "tried: [{approach: rag}, {approach: few-shot}]",
        "the number of entries of tried where their approach is rag is 1 (declared), at least 2 is required",
    ),
    (
        "{tried: {count: {where: {approach: rag}, at_least: 2, at_most: 3}}}",
        "tried: [{approach: rag}, {score: 1}]",
        (
            "the number of entries of tried where their approach is rag is between 1 and 2 (declared),"
            " at least 2 and at most 3 is required"
        ),
    ),
    (
        "{any: [{stage: pilot}, {tried: {some: {approach: rag}}}]}",
        "stage: retired\ntried: [{approach: few-shot}]",
        (
            "stage must be pilot (it is retired, declared), or tried must hold an entry where its approach is rag"
            " (it holds 1 entry, declared)"
        ),
    ),
    (
        "{any: [{stage: pilot}, {tried: {count: {at_least: 2}}}]}",
        "stage: retired\ntried: [{approach: few-shot}]",
        (
            "stage must be pilot (it is retired, declared), or the number of entries of tried must be at least 2"
            " (it is 1, declared)"
        ),
    ),
]


@pytest.mark.parametrize(("require", "declared", "message"), MESSAGES)
def test_a_message_says_what_was_found_and_what_is_required(require, declared, message):
    assert explain_text(f"require: {require}", make_facts(declared)).message == message


def test_more_entries_than_a_few_are_counted():
    facts = make_facts(f"tried: [{', '.join(f'{{results: {name}, sufficient: true}}' for name in 'abcde')}]")
    message = explain_text("require: {not: {tried: {some: {sufficient: true}}}}", facts).message
    assert message.startswith("tried holds a, b, c and 2 more (declared)")


def test_an_observed_list_may_hold_more():
    facts = make_facts(observed="data: {sources: [{path: a, license: mit}]}")
    assert explain_text("require: {data.sources: {each: {require: {license: mit}}}}", facts).message == (
        "data.sources holds 1 entry (observed) and may hold more,"
        " and for every entry of data.sources, its license must be mit"
    )
    assert "is 1 or more (observed)" in explain_text("require: {data.sources: {count: {equals: 1}}}", facts).message


def test_a_fact_that_was_looked_for_and_is_not_there():
    facts = make_facts(absent=("training.validation", "tried"))
    explanation = explain_text("require: {training.validation: true}", facts)
    assert explanation.message == "training.validation is not set (observed), true is required"
    assert explanation.missing == ()
    assert explanation.reasons[0].actual == "absent"
    assert explain_text("require: {tried: {some: {approach: rag}}}", facts).message == (
        "tried is not set (observed), and must hold an entry where its approach is rag"
    )


def test_evidence_that_could_not_be_had_says_why():
    facts = make_facts(unavailable={"data.secrets": "the scan was ended after 60 seconds"})
    for condition in ("{data.secrets: 0}", "{data.secrets: {present: true}}"):
        message = explain_text(f"require: {condition}", facts).message
        assert message.startswith("data.secrets is not known (the scan was ended after 60 seconds)")


def test_what_only_evidence_can_settle_is_not_settled_by_a_declaration():
    facts = make_facts("data: {secrets: 0}")
    message = explain_text("require: {data.secrets: 0}\nobserved: [data.secrets]", facts).message
    assert message == "data.secrets is not observed (0 is only declared), 0 is required"


def test_an_unknown_condition_leaves_open_whether_the_policy_applies():
    facts = make_facts("data: {rows: 5}\ntried: [{score: 1}]")
    rows = "require: {data.rows: {at_least: 9}}"
    assert explain_text(f"when: {{approach: rag}}\n{rows}", facts).message == (
        "approach is not known, so the policy may or may not apply;"
        " if it does: data.rows is 5 (declared), at least 9 is required"
    )
    explanation = explain_text(f"when: {{approach: rag, purpose: {{contains: style}}}}\n{rows}", facts)
    assert explanation.message.startswith("approach and purpose are not known, so the policy")
    assert explanation.missing == ("approach", "purpose")
    assert explain_text(f"when: {{tried: {{some: {{approach: rag}}}}}}\n{rows}", facts).message.startswith(
        "what is known of tried leaves open whether the policy applies"
    )


def test_a_policy_that_does_not_apply_says_why():
    facts = make_facts("approach: rag\nstage: pilot\ndata: {rows: 5}")
    text = "when: {approach: fine-tuning, stage: pilot}\nrequire: {data.rows: {at_least: 9}}"
    explanation = explain_text(text, facts)
    assert explanation.message == "the policy does not apply: approach is rag (declared), fine-tuning is required"
    assert [(reason.field, reason.result) for reason in explanation.reasons] == [("approach", "false")]
    assert explanation.missing == ()


def test_a_policy_that_passes_has_reasons_and_nothing_to_say():
    text = "require: {any: [{stage: pilot}, {data.rows: {at_least: 9}}]}"
    explanation = explain_text(text, make_facts("stage: retired\ndata: {rows: 10}"))
    assert explanation.message == ""
    assert [(reason.field, reason.result) for reason in explanation.reasons] == [("data.rows", "true")]
    assert explanation.missing == ()


# A condition, the facts, and the reasons as (field, test, expected, actual, result).
REASONS = [
    (
        "{data.rows: {at_least: {param: enough}}}",
        "data: {rows: 400}",
        [("data.rows", "at_least", "1000", "400", "false")],
    ),
    ("{data.change_interval: {at_least: 1w}}", "", [("data.change_interval", "at_least", "7d", None, "unknown")]),
    ("{not: {stage: [pilot, retired]}}", "stage: pilot", [("stage", "none_of", "[pilot, retired]", "pilot", "false")]),
    (
        "{not: {needs.citations: true}}",
        "needs: {citations: true}",
        [("needs.citations", "not_equals", "true", "true", "false")],
    ),
    ("{not: {data.rows: {present: true}}}", "data: {rows: 5}", [("data.rows", "present", "false", "5", "false")]),
    ("{not: {model.base: {matches: a.*}}}", "model: {base: ab}", [("model.base", "not matches", "a.*", "ab", "false")]),
    ("{not: {data.rows: {at_least: 5}}}", "data: {rows: 5}", [("data.rows", "not at_least", "5", "5", "false")]),
    (
        "{purpose: {contains_any: [style, latency]}}",
        "purpose: [other]",
        [("purpose", "contains_any", "[style, latency]", "[other]", "false")],
    ),
    (
        "{tried: {some: {approach: rag}}}",
        "tried: [{approach: few-shot}]",
        [("tried", "some", "tried holds an entry where its approach is rag", "1 entry", "false")],
    ),
    (
        "{not: {tried: {some: {approach: rag}}}}",
        "tried: [{approach: rag}]",
        [("tried", "not some", "tried holds no entry where its approach is rag", "1 entry", "false")],
    ),
    (
        "{data.sources: {each: {require: {license: mit}}}}",
        "data: {sources: [{path: a, license: x}, {path: b, license: mit}, {path: c, license: y}]}",
        [
            ("data.sources[].license", "equals", "mit", "x", "false"),
            ("data.sources[].license", "equals", "mit", "y", "false"),
        ],
    ),
    (
        "{data.sources: {each: {require: {license: mit}}}}",
        "",
        [("data.sources", "each", "for every entry of data.sources, its license is mit", None, "unknown")],
    ),
]


@pytest.mark.parametrize(("require", "declared", "expected"), REASONS)
def test_reasons_hold_the_tests_that_decided(require, declared, expected):
    params = "\nparams: {enough: {default: 1000}}" if "param" in require else ""
    reasons = explain_text(f"require: {require}{params}", make_facts(declared)).reasons
    assert [(r.field, r.test, r.expected, r.actual, r.result) for r in reasons] == expected


def test_a_reason_points_at_the_entry_that_is_at_fault():
    facts = make_facts(
        "data:\n  sources:\n    - {path: a, license: mit}\n    - {path: b, license: x}\n    - {path: c}\n"
    )
    reasons = explain_text("require: {data.sources: {each: {require: {license: mit}}}}", facts).reasons
    assert [(r.location.line, r.location.column) for r in reasons if r.location] == [(4, 26)]
    # An entry without the field is pointed at where it starts.
    present = "require: {data.sources: {each: {require: {license: {present: true}}}}}"
    (reason,) = explain_text(present, facts).reasons
    assert reason.location is not None
    assert (reason.location.line, reason.location.column) == (5, 14)
    assert reason.actual is None
    # One that must not be there, too.
    (reason,) = explain_text("require: {not: {data.sources: {some: {license: x}}}}", facts).reasons
    assert reason.location is not None
    assert reason.location.line == 4


def test_endless_lists_give_a_few_reasons():
    facts = make_facts(f"data: {{sources: [{', '.join(f'{{path: f{n}, license: x}}' for n in range(50))}]}}")
    explanation = explain_text("require: {data.sources: {each: {require: {license: mit}}}}", facts)
    assert len(explanation.reasons) == 5
    assert explanation.message.endswith("so it is with 49 other entries")


@given(situations())
def test_every_outcome_that_needs_a_reason_has_one(situation):
    outcome = judge_policy(situation.policy, situation.params, situation.facts, situation.today)
    if outcome not in ("fail", "unknown"):
        return
    explanation = Explainer(situation.policy, situation.params).explain(situation.facts, situation.today)
    assert explanation.message
    results = {reason.result for reason in explanation.reasons}
    if outcome == "fail":
        assert results == {"false"}
        assert explanation.missing == ()
    else:
        assert "unknown" in results
        assert explanation.missing
        assert set(explanation.missing) <= situation.policy.paths
    assert explanation == Explainer(situation.policy, situation.params).explain(situation.facts, situation.today)
