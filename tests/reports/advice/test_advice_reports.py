"""Advice as text, Markdown and JSON: short, complete where asked, stable, and safe to show."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest

from policy.engine.advice.advising import advise
from policy.errors import Problem
from policy.model.advice import Change, Cost, Price, Question
from policy.model.decision import Subject
from policy.model.money import Money
from policy.reports.advice.contract import AdviceReport
from policy.reports.advice.document import FORMAT, write_document
from policy.reports.advice.markdown import write_markdown
from policy.reports.advice.text import WIDTH, View, write_text
from policy.reports.advice.wording import say_recommendation
from policy.source.display import measure_width
from tests.building import NOW, make_facts
from tests.engine.advice.building import FACTS, FEW_ROWS, TUNED, TUNING_TRIED, UPWARD, ask, fall_short, make_set

HOUSE = make_set(TUNING_TRIED, FEW_ROWS, FACTS, UPWARD)
NOTHING = make_set()
PLAIN = View(lambda file: file)
ALL = View(lambda file: file, everything=True)
COSTS = (
    Cost("few-shot", "", Money(0, "USD"), Money(41.5, "USD"), Money(0, "USD"), ("people's time is not counted",)),
    Cost(
        "fine-tuning",
        "provider",
        Money(12, "USD"),
        None,
        Money(12, "USD"),
        ("people's time is not counted",),
        (Price("a million tokens", Money(0.15, "USD"), "example.com/prices", date(2026, 11, 1)),),
        ("`usage.calls_per_month` (calls a month)",),
        (("month", ("`usage.calls_per_month` (calls a month)",)),),
    ),
)
CALLS = ("`usage.calls_per_month` (calls a month)", "`usage.input_tokens` (tokens, of a call)")
PRICE = "`price_per_hour` of `h100-sxm` in the table of accelerators"
OPEN = (
    Cost("few-shot", "", Money(0, "USD"), None, Money(0, "USD"), missing=CALLS, lacks=(("month", CALLS),)),
    Cost(
        "fine-tuning",
        "self-hosted",
        None,
        None,
        None,
        missing=(PRICE, *CALLS),
        lacks=(("run", (PRICE,)), ("month", (*CALLS, PRICE)), ("update", (PRICE,))),
    ),
)
KNOWLEDGE = "approach: fine-tuning\npurpose: [knowledge]\ndata: {rows: 50}\ntried: [{approach: few-shot, score: 1}]\n"
SITUATIONS = {
    "try": ask(HOUSE, KNOWLEDGE)._replace(costs=COSTS),
    "keep": ask(HOUSE, "approach: rag\ntried: [{approach: rag, score: 1, sufficient: true}]\n")._replace(costs=()),
    "stopped": ask(HOUSE, "data: {rows: 50}\n" + fall_short("prompt-engineering", "few-shot"))._replace(costs=()),
    "nothing": ask(NOTHING)._replace(costs=()),
    "fault": advise(HOUSE, make_facts("project: test\n", faults={"purpose": "it broke"}), NOW)._replace(costs=()),
}
HOSTILE = "<script>alert(1)</script> [x](http://evil) \x1b[31m| `a` @team"


def settle(text: str) -> str:
    """The text without what changes with every version."""
    return re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, re.sub(r"tunegate [^\"]+", "tunegate VERSION", text))


@pytest.mark.parametrize("name", SITUATIONS)
def test_as_text(name, snapshot):
    snapshot(f"advice/{name}.txt", write_text([SITUATIONS[name]], PLAIN))


@pytest.mark.parametrize("name", ["try", "stopped"])
def test_as_text_in_full(name, snapshot):
    snapshot(f"advice/{name}-all.txt", write_text([SITUATIONS[name]], ALL))


@pytest.mark.parametrize("name", SITUATIONS)
def test_as_markdown(name, snapshot):
    snapshot(f"advice/{name}.md", write_markdown([SITUATIONS[name]], PLAIN))


def test_the_recommendation_comes_first_and_no_line_is_too_wide():
    for advice in SITUATIONS.values():
        head, first, *rest = write_text([advice], ALL).splitlines()
        assert head.startswith("test")
        assert first.strip() in say_recommendation(advice)
        assert all(measure_width(line) <= WIDTH for line in (head, first, *rest))


def test_colours_change_nothing_else():
    plain = write_text(list(SITUATIONS.values()), PLAIN)
    coloured = write_text(list(SITUATIONS.values()), PLAIN._replace(colour=True))
    assert coloured != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_what_is_left_out_is_counted():
    text = write_text([SITUATIONS["try"]], PLAIN)
    full = write_text([SITUATIONS["try"]], ALL)
    assert len(text) < len(full)
    for policy in ("facts", "few-rows", "prompts-first"):
        assert policy in text


@pytest.mark.parametrize("write", [write_text, write_markdown])
def test_nothing_from_a_manifest_acts(write):
    advice = ask(HOUSE, KNOWLEDGE)._replace(subject=Subject(HOSTILE, HOSTILE, None), costs=())
    text = write([advice], PLAIN)
    assert "\x1b" not in text
    if write is write_markdown:
        assert "<script>" not in re.sub(r"`+[^`]*`+", "", text)
        assert "[x](" not in re.sub(r"`` .* ``", "", text)
        assert "@team" not in re.sub(r"`` .* ``", "", text)


def test_each_row_says_why_an_amount_of_it_is_not_known():
    text = write_text([SITUATIONS["try"]._replace(costs=OPEN)], PLAIN)
    table = text[text.index("costs, estimated") :].splitlines()
    assert [line.strip() for line in table[2:]] == [
        "few-shot                       0 USD  not known      0 USD",
        "a month lacks usage.calls_per_month; usage.input_tokens",
        "fine-tuning (self-hosted)  not known  not known  not known",
        "the first run and an update lack price_per_hour of h100-sxm in the table",
        "of accelerators",
        "a month lacks what few-shot lacks; price_per_hour of h100-sxm in the table",
        "of accelerators",
    ]


def test_in_full_what_is_missing_is_explained():
    text = write_markdown([SITUATIONS["try"]._replace(costs=OPEN)], PLAIN)
    assert "\n- few-shot: a month lacks `usage.calls_per_month` (calls a month); `usage.input_tokens`" in text
    assert "(tokens, of a call)" in write_text([SITUATIONS["try"]._replace(costs=OPEN)], ALL)


def test_who_only_answered_is_spared_an_empty_table():
    talk = SITUATIONS["try"]._replace(subject=Subject("answers"), costs=OPEN)
    text = write_text([talk], PLAIN)
    assert "Not known yet: they follow from the model" in text
    assert "lacks" not in text
    assert "lacks" in write_text([talk], ALL)
    assert "41.50 USD" in write_text([talk._replace(costs=COSTS)], PLAIN)


def test_who_only_answered_is_asked_for_what_would_change_the_advice():
    idle = Question("x.idle", "idle", ("facts",), "say it")
    telling = Question("x.telling", "telling", ("facts",), "say it", (Change("a", "rag"), Change("b", "rag")))
    project = SITUATIONS["try"]._replace(questions=(telling, idle))
    text = write_text([project._replace(subject=Subject("answers"))], PLAIN)
    assert "would change the advice if a or b: rag" in text
    assert "x.idle" not in text
    assert "x.idle" in write_text([project], PLAIN)


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Try a prompt", "try a prompt"),
        ("A prompt first", "a prompt first"),
        ("RAG before tuning", "RAG before tuning"),
    ],
)
def test_a_title_within_a_sentence(title, said):
    policy = FACTS.replace("policy: facts", f"policy: facts\ntitle: {title}")
    assert f"Try rag: {said} (facts" in say_recommendation(ask(make_set(policy), "purpose: [knowledge]\n"))


def test_nobody_is_called_where_markdown_is_posted():
    asked = SITUATIONS["stopped"].questions[0]._replace(settle="ask @team <b>", policies=("a",))
    text = write_markdown([SITUATIONS["stopped"]._replace(questions=(asked,))], PLAIN)
    assert "ask @&#8203;team &lt;b&gt;" in text


def test_the_contract_is_kept(snapshot):
    problems = [Problem("wrong"), Problem("odd", level="warning")]
    document = write_document(list(SITUATIONS.values()), problems)
    AdviceReport.model_validate_json(document)
    snapshot("../golden/policy-advice-1.json", settle(document))


def test_an_empty_report_is_one_too():
    document = json.loads(write_document([], []))
    assert document == {"format": FORMAT, "advice": [], "errors": [], "warnings": []}


def test_json_says_what_the_text_says():
    (advice,) = json.loads(write_document([SITUATIONS["try"]], []))["advice"]
    assert advice["recommendation"] == say_recommendation(SITUATIONS["try"])
    assert [item["approach"] for item in advice["ranked"]] == [item.approach for item in SITUATIONS["try"].ranked]
    assert advice["costs"][1]["month"] is None
    assert advice["costs"][1]["prices"][0] == {
        "what": "a million tokens",
        "amount": {"amount": 0.15, "currency": "USD"},
        "source": "example.com/prices",
        "date": "2026-11-01",
    }


@pytest.mark.parametrize(
    ("policy_set", "stated", "said"),
    [
        (NOTHING, "", "No policy in force tells approaches apart, so none can be ranked."),
        (
            HOUSE,
            "approach: rag\ntried: [{approach: rag, sufficient: true}]\n",
            "Keep rag: it was tried and met the need.",
        ),
        (HOUSE, "approach: rag\ntried: [{approach: few-shot, sufficient: true}]\n", "Take few-shot: it was tried"),
        (
            HOUSE,
            "purpose: [knowledge]\n",
            "Try rag first: a policy for tests (facts would block fine-tuning and hybrid here).",
        ),
        (
            HOUSE,
            "purpose: [knowledge]\ntried: [{approach: rag}]\n",
            "Say whether rag sufficed, for it was tried: a policy for tests (facts",
        ),
        (
            make_set(FACTS),
            "purpose: [knowledge]\n",
            "Try rag: a policy for tests (facts would block fine-tuning and hybrid here).",
        ),
        (make_set(FACTS), "", "as things stand. No policy names an approach for what is known so far."),
        (make_set(FACTS), fall_short("rag"), "What was tried fell short, and no policy names anything else."),
        (make_set(UPWARD, FEW_ROWS), "data: {rows: 5}\n" + fall_short("few-shot"), "stopped by few-rows"),
    ],
)
def test_the_recommendation(policy_set, stated, said):
    assert said in say_recommendation(ask(policy_set, stated))


def test_who_would_hold_is_not_said_to_block():
    hold = f"policy: hold\n{TUNED}require: {{stage: production}}\neffect: hold\n"
    text = write_text([ask(make_set(hold), "stage: pilot\n")], PLAIN)
    assert "fine-tuning: would be held for approval" in text
    assert "block" not in text
