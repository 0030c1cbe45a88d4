"""`policy advise`, through the real command line; a terminal is met in the end-to-end tests."""

from __future__ import annotations

import json
import re

import pytest

from policy.gates.cli import questions
from policy.model.fields import ALTERNATIVES
from policy.reports.advice.contract import AdviceReport

MANIFEST = "manifest: 1\nproject: prices\napproach: fine-tuning\npurpose: [knowledge]\nneeds: {citations: true}\n"
AXOLOTL = "base_model: org/model\ndatasets:\n  - {path: data/train.jsonl, type: alpaca}\n"
SET = "policy_set: 1\npolicies: [house]\n"
OWN = (
    "policy: own\ntitle: Serve prices from a list\nseverity: high\nwhen: {approach: [fine-tuning, hybrid]}\n"
    "require: {stage: retired}\neffect: block\ninstead: [few-shot]\n"
)


def test_a_project_is_advised(plant, call):
    plant({"ml-manifest.yaml": MANIFEST})
    result = call("advise")
    assert (result.code, result.err) == (0, "")
    head, advice, *_ = result.out.splitlines()
    assert head == "prices  ml-manifest.yaml  (now fine-tuning)"
    assert advice.startswith("  Try rag first: ")
    assert "(citations-required, block)" in result.out


def test_json_keeps_its_contract(plant, call):
    plant({"ml-manifest.yaml": MANIFEST})
    result = call("advise -o json")
    report = AdviceReport.model_validate_json(result.out)
    assert (report.advice[0].best, report.advice[0].manifest) == ("rag", "ml-manifest.yaml")


def test_reports_go_to_files(plant, call):
    folder = plant({"ml-manifest.yaml": MANIFEST})
    result = call("advise . -o markdown=advice.md -o json=advice.json -o text")
    assert (result.code, result.err) == (0, "")
    assert (folder / "advice.md").read_text().startswith("## Which approach for `prices`?\n\n**Try rag first")
    assert json.loads((folder / "advice.json").read_text())["format"] == "policy-advice/1"
    assert "  Try rag first" in result.out


def test_several_projects(plant, call):
    plant({"a/ml-manifest.yaml": MANIFEST, "b/ml-manifest.yaml": MANIFEST.replace("prices", "terms")})
    out = call("advise").out
    assert "prices  a/ml-manifest.yaml" in out
    assert "terms  b/ml-manifest.yaml" in out
    assert "prices" not in call("advise b").out


def test_configs_of_which_the_same_is_to_be_said_are_advised_once(plant, call):
    plant({"ml-manifest.yaml": MANIFEST, "a.yaml": AXOLOTL, "b.yaml": AXOLOTL})
    assert call("advise").out.count("Try rag first") == 1


def test_what_nobody_declared_is_advised_from_what_is_seen(plant, call):
    plant({"train.yaml": AXOLOTL})
    result = call("advise")
    assert result.code == 0
    assert "(now fine-tuning)" in result.out
    assert "Try prompt-engineering first" in result.out


def test_the_policy_set_in_force_advises(plant, call):
    plant({"ml-manifest.yaml": f"{MANIFEST}stage: pilot\n", "policy.yaml": SET, "house/own.yaml": OWN})
    out = call("advise --all").out
    assert "1. few-shot: to try" in out
    assert "citations-required" not in out


def test_with_all_nothing_is_left_out(plant, call):
    plant({"ml-manifest.yaml": MANIFEST})
    short, full = call("advise").out, call("advise --all").out
    assert "--all" in short
    assert "--all" not in full
    assert len(full) > len(short)


def test_where_there_is_no_project_it_says_how_to_go_on(call):
    result = call("advise")
    assert (result.code, result.out) == (3, "")
    assert "there is no project in ." in result.err
    assert "`policy advise --ask`" in result.err


def test_where_no_policy_tells_approaches_apart_it_says_so(plant, call):
    idle = OWN.replace("when: {approach: [fine-tuning, hybrid]}\n", "")
    plant({"ml-manifest.yaml": MANIFEST, "policy.yaml": SET, "house/own.yaml": idle})
    result = call("advise")
    assert result.code == 3
    assert "No policy in force tells approaches apart" in result.out


def test_a_broken_manifest_is_bad_input_and_the_others_are_advised(plant, call):
    plant({"a/ml-manifest.yaml": "manifest: 1\napproach: rags\n", "b/ml-manifest.yaml": MANIFEST})
    result = call("advise")
    assert result.code == 2
    assert "a/ml-manifest.yaml:2:11: " in result.err
    assert "prices  b/ml-manifest.yaml" in result.out
    assert json.loads(call("advise -o json").out)["errors"]


@pytest.mark.parametrize(
    ("line", "error", "remedy"),
    [
        ("advise -o jsno", "there is no format `jsno` for advice", "write `json`"),
        ("advise -o short", "there is no format `short` for advice", "there are text, markdown, json"),
        ("advise gone", "there is no `gone`", "name a folder"),
        ("advise --ask .", "`--ask` is about a project that is not written down", "leave the PATHs out"),
        ("advise --ask", "`--ask` needs a terminal", "write an ml-manifest.yaml"),
        ("advise -o json=policy.yaml", "the report would overwrite `policy.yaml`", "name another file"),
        ("advise -o text=ml-manifest.yaml", "the report would overwrite `ml-manifest.yaml`", "name another file"),
        ("advise -o json=a.json -o text=a.json", "two reports go to the same place", "give each a file"),
    ],
)
def test_what_is_wrong_is_said(plant, call, line, error, remedy):
    folder = plant({"ml-manifest.yaml": MANIFEST, "policy.yaml": SET, "house/own.yaml": OWN})
    result = call(line)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: {error}")
    assert f"help: {remedy}" in result.err
    assert (folder / "ml-manifest.yaml").read_text() == MANIFEST


class Person:
    """Somebody at a terminal, who answers by the word that a question starts with, and leaves where told to."""

    def __init__(self, monkeypatch, answers, *, leaves_at=None):
        self.answers, self.leaves_at, self.asked = dict(answers), leaves_at, 0
        monkeypatch.setattr(questions, "can_ask", lambda: True)
        monkeypatch.setattr("click.termui.visible_prompt_func", self.answer)
        monkeypatch.setattr("policy.gates.cli.interview.say_aside", self.hear)
        self.heard = []

    def hear(self, text):
        self.heard.append(text.strip())

    def answer(self, _prompt):
        self.asked += 1
        if self.asked == self.leaves_at:
            raise EOFError
        question = next(text for text in reversed(self.heard) if re.match(r"\d+\. .*\(|Which", text))
        for start in list(self.answers):
            if start in question:
                said = self.answers[start]
                if isinstance(said, list):
                    return said.pop(0) if said else ""
                return said
        return ""


@pytest.mark.usefixtures("plant")
def test_a_few_answers_are_enough(call, monkeypatch):
    person = Person(monkeypatch, {"purpose": "5", "needs.citations": "y", "stage": "pilot"})
    result = call("advise --ask")
    assert result.code == 0
    assert result.out.startswith("answers\n  Try rag first: ")
    assert "next: `policy init --approach rag --purpose knowledge --stage pilot`" in result.err
    assert 6 <= person.asked <= 10


@pytest.mark.usefixtures("plant")
def test_questions_are_plain_and_say_what_answers_mean(call, monkeypatch):
    person = Person(monkeypatch, {})
    call("advise --ask")
    asked = [text for text in person.heard if re.match(r"\d+\. ", text)]
    assert len(asked) == person.asked == 10
    assert all(re.fullmatch(r"\d+\. [A-Z][^()]*\? \([a-z_.0-9]+\)", text) for text in asked)
    assert any("2 domain-language  master the language of a field" in text for text in person.heard)


def test_an_own_field_is_asked_by_what_it_means(plant, call, monkeypatch):
    fields = "fields:\n  x.paid: {type: boolean, about: customers pay for it}\n"
    own = OWN.replace("require: {stage: retired}", "require: {x.paid: true}")
    plant({"policy.yaml": SET + fields, "house/own.yaml": own})
    person = Person(monkeypatch, {"x.paid": "no"})
    assert "own would block fine-tuning and hybrid" in " ".join(call("advise --ask").out.split())
    assert "1. customers pay for it (x.paid)" in person.heard


@pytest.mark.usefixtures("plant")
@pytest.mark.parametrize(("experience", "speaks"), [("no", True), ("yes", False), ("", False)])
def test_who_owns_it_is_not_held_against_who_only_asks(call, monkeypatch, experience, speaks):
    answers = {"purpose": "style", "training_experience": experience, "needs.knowledge": "no"}
    Person(monkeypatch, answers)
    assert ("expertise, flag" in call("advise --ask --all").out) is speaks


@pytest.mark.usefixtures("plant")
def test_who_answers_nothing_starts_with_prompts(call, monkeypatch):
    Person(monkeypatch, {})
    result = call("advise --ask")
    assert result.code == 0
    assert "Try prompt-engineering first" in result.out


@pytest.mark.usefixtures("plant")
def test_what_was_tried_is_asked_in_turn(call, monkeypatch):
    prompts = "prompt-engineering, system-prompt, 4"
    assert ALTERNATIVES.index("few-shot") == 3
    answers = {
        "purpose": "style",
        "needs.knowledge": "no",
        "data.change_interval": "180d",
        "data.rows": "5,000",
        "(tried)": prompts,
        "were measured": "1, 2, 3",
        "met the need": "none",
    }
    Person(monkeypatch, answers)
    result = call("advise --ask")
    assert result.out.startswith("answers\n  Try fine-tuning: consider fine-tuning where")
    assert "1. [x] prompt-engineering: fell short" in result.out


@pytest.mark.usefixtures("plant")
def test_what_met_the_need_is_kept(call, monkeypatch):
    Person(monkeypatch, {"(tried)": "few-shot", "were measured": "1", "met the need": "1"})
    assert "Take few-shot: it was tried and met the need." in call("advise --ask").out


@pytest.mark.usefixtures("plant")
@pytest.mark.parametrize("wrong", ["0", "7", "²", "styl", "-1", "99999999999"])
def test_a_wrong_answer_is_asked_again(call, monkeypatch, wrong):
    Person(monkeypatch, {"purpose": [wrong, "style"]})
    result = call("advise --ask")
    assert result.code == 0
    assert f"`{wrong}` is none of these" in result.err
    assert "--purpose style" in result.err


@pytest.mark.usefixtures("plant")
def test_a_duration_without_a_unit_is_asked_again(call, monkeypatch):
    Person(monkeypatch, {"data.change_interval": ["7", "7d"]})
    result = call("advise --ask")
    assert "`7` is a number without a unit" in result.err
    assert "volatile-data" in result.out


@pytest.mark.usefixtures("plant")
@pytest.mark.parametrize("turn", [1, 3])
def test_who_leaves_midway_is_told_nothing(call, monkeypatch, turn):
    Person(monkeypatch, {}, leaves_at=turn)
    result = call("advise --ask")
    assert (result.code, result.out) == (130, "")
