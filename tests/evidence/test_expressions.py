from __future__ import annotations

import json
import subprocess
import sys

import pytest

from policy.evidence import expression_worker
from policy.evidence.expressions import LONGEST, Evaluator
from policy.evidence.expressions import shorten as shorten_text
from policy.model.expressions import Expression, get_type, list_expressions
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.kinds import BOOLEAN, COUNT, DATE, DURATION, MONEY, PATH, RATE, RecordsKind, enum, list_of
from tests.building import decide, make_claims, make_facts, make_policy

cel = pytest.importorskip("cel_expr_python.cel", reason="the extra `cel` is not installed")

# Longer than any machine needs to start an interpreter; nothing waits for it but what is meant to hang.
PLENTY = 120.0
# Builds a text of 10^12 characters.
GREEDY = f"[project]{'.map(a, a + a + a + a + a + a + a + a + a + a)' * 12}.size() > 0"
TEN = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"


@pytest.fixture
def evaluate():
    """Evaluate the expressions of policies on facts; what runs is ended after the test."""
    started = []

    def run(facts, *texts, seconds=PLENTY):
        policies = [make_policy(f"require:\n  cel: {json.dumps(text)}\n") for text in texts]
        evaluator = Evaluator(list_expressions(policies, facts.schema), seconds)
        started.append(evaluator)
        return evaluator.add_answers(facts)

    yield run
    for evaluator in started:
        evaluator.close()


@pytest.mark.parametrize(
    ("declared", "expression", "expected"),
    [
        ("data: {rows: 9}", "data.rows > 8", True),
        ("data: {rows: 9}", "data.rows * 2 > 18", False),
        ("data: {duplicate_rate: 1}", "data.duplicate_rate * 2.0 == 2.0", True),
        ("data: {change_interval: 30d}", "data.change_interval == duration('720h')", True),
        ("data: {change_interval: 1ms}", "data.change_interval.getMilliseconds() == 1", True),
        ("model: {retires: 2026-11-20}", "model.retires == timestamp('2026-11-20T00:00:00Z')", True),
        ("model: {retires: 0001-01-02}", "model.retires.getFullYear() == 1", True),
        ("model: {retires: 9999-12-31}", "model.retires.getDayOfWeek() == 5", True),
        ("training: {config: ./a/../train.yaml}", "training.config == 'train.yaml'", True),
        ("approach: rag", "approach in ['rag', 'hybrid']", True),
        ("evaluation: {metrics: [rouge, bleu]}", "evaluation.metrics.exists(m, m.startsWith('b'))", True),
        ("evaluation: {metrics: []}", "evaluation.metrics.size() == 0", True),
        ("purpose: [knowledge]", "purpose == ['knowledge']", True),
        ("needs: {citations: false}", "needs.citations", False),
        ('project: "\\U0001f600 é"', "project.size() == 3", True),
        ("project: a", "project.matches('^a$') && !project.matches('b')", True),
    ],
)
def test_values_reach_the_expression_as_what_they_are(evaluate, declared, expression, expected):
    facts = evaluate(make_facts(declared), expression)
    assert facts.faults == {}
    assert facts.values[f"cel:{expression}"] is expected


# Three values


@pytest.mark.parametrize(
    ("declared", "expression", "expected"),
    [
        ("data: {rows: 9}", "data.tokens > 1", None),
        ("data: {rows: 9}", "data.rows > 8 && data.tokens > 1", None),
        ("data: {rows: 9}", "data.rows > 9 && data.tokens > 1", False),
        ("data: {rows: 9}", "data.tokens > 1 && data.rows > 9", False),
        ("data: {rows: 9}", "data.rows > 8 || data.tokens > 1", True),
        ("data: {rows: 9}", "data.tokens > 1 || data.rows > 8", True),
        ("data: {rows: 9}", "!(data.tokens > 1)", None),
        ("data: {rows: 9}", "data.tokens == data.tokens && data.rows == 9", None),
        ("data: {rows: 9}", "data.rows > 8 ? data.tokens > 1 : false", None),
        ("data: {rows: 9}", "data.rows > 8 ? true : data.tokens > 1", True),
        ("data: {rows: 9}", "[1, 2].exists(n, n == 1 || data.tokens > n) && data.rows > 8", True),
        # It breaks as well, which nobody can tell from what is not known.
        ("data: {rows: 9}", "data.rows / 0 > 1 && data.tokens > 1", None),
    ],
)
def test_what_is_not_known_decides_only_where_it_matters(evaluate, declared, expression, expected):
    facts = evaluate(make_facts(declared), expression)
    assert facts.faults == {}
    assert facts.values.get(f"cel:{expression}") is expected


def test_an_absent_fact_and_an_open_list_have_no_value(evaluate):
    assert "cel:data.rows > 1" not in evaluate(make_facts(absent=("data.rows",)), "data.rows > 1").values
    open_list = make_facts(observed="evaluation: {metrics: [rouge]}")
    assert open_list.values["evaluation.metrics"] == Members(("rouge",), complete=False)
    text = "'rouge' in evaluation.metrics"
    assert f"cel:{text}" not in evaluate(open_list, text).values


def test_nothing_is_started_where_nothing_is_known(evaluate, monkeypatch):
    monkeypatch.setattr("policy.plugins.worker.start_interpreter", None)
    facts = evaluate(make_facts("approach: rag"), "data.rows > 1")
    assert facts.faults == {}
    assert "cel:data.rows > 1" not in facts.values


def test_an_answer_is_worth_its_weakest_fact(evaluate):
    facts = make_facts("approach: rag\ndata: {rows: 9}", observed="training: {seed: 1}")
    facts = evaluate(facts, "training.seed == 1", "training.seed == 1 && data.rows == 9")
    strong, weak = (facts.judged[path] for path in facts.values if path.startswith("cel:"))
    assert (strong.origin, strong.source) == ("observed", "derived from training.seed")
    assert (weak.origin, weak.source) == ("declared", "derived from training.seed, data.rows")
    assert str(weak.location).startswith("train/config.yaml:1:")
    assert facts.proven_values.get(strong.path) is True
    assert weak.path not in facts.proven_values


def test_an_answer_is_no_evidence_of_its_own(evaluate):
    facts = Facts(make_claims("manifest: {present: true}", origin="observed"), SCHEMA)
    assert "evidence.contradictions" not in facts.values
    answered = evaluate(facts, "manifest.present")
    assert answered.judged["cel:manifest.present"].origin == "observed"
    assert "evidence.contradictions" not in answered.values


# What breaks


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("data.rows / 0 > 1", "broke: divide by zero"),
        ("data.rows * 9007199254740991 * 9007199254740991 > 1", "broke: integer overflow"),
        ("project.matches('(a')", "broke: invalid regular expression: missing ): (a"),
        ("[1, 2][data.rows] == 1", "broke: index error: index=9 size=2"),
        ("int(project) == 1", "broke: cannot convert"),
        (
            f"{TEN}.all(a, {TEN}.all(b, {TEN}.all(c, {TEN}.all(d, {TEN}.all(e, data.rows > 0)))))",
            "broke: Iteration budget",
        ),
        (GREEDY, "needs more than 512 MiB"),
    ],
)
def test_what_breaks_is_a_fault(evaluate, expression, message):
    facts = evaluate(make_facts("project: tone\ndata: {rows: 9}"), expression)
    path = f"cel:{expression}"
    assert path not in facts.values
    said = facts.faults[path]
    assert said.startswith(f"the CEL expression `{shorten_text(expression)}` ")
    assert message.lower() in said.lower()


def test_a_policy_that_reads_what_broke_errs_and_no_other(evaluate):
    broken, sound = "data.rows / 0 > 1", "data.rows > 1"
    policies = tuple(
        make_policy(f"policy: {name}\nrequire: {{cel: {text}}}\neffect: block\n")
        for name, text in (("broken", broken), ("sound", sound))
    )
    decision = decide(policies, evaluate(make_facts("data: {rows: 9}"), broken, sound))
    assert [outcome.outcome for outcome in decision.outcomes] == ["error", "pass"]
    assert decision.verdict == "block"


def test_memory_that_one_expression_wastes_is_there_for_the_next(evaluate):
    facts = evaluate(make_facts("project: tone"), GREEDY, "project == 'tone'", f"{GREEDY} ", "project != 'tone'")
    assert list(facts.faults) == [f"cel:{GREEDY}"]
    assert facts.values["cel:project == 'tone'"] is True
    assert facts.values["cel:project != 'tone'"] is False


def test_an_expression_that_takes_too_long_is_ended(evaluate):
    # A thousand searches through a long text, which take linear time each.
    text = f"{TEN}.all(a, {TEN}.all(b, {TEN}.all(c, [project].all(p, !p.matches('(x+x+)+y')))))"
    facts = evaluate(Facts([Fact("project", "x" * 50_000_000)], SCHEMA), text, seconds=1.0)
    assert facts.faults[f"cel:{text}"].endswith("gave no answer within 1 s")
    assert f"cel:{text}" not in facts.values


def test_a_process_that_dies_is_said(evaluate, monkeypatch):
    monkeypatch.setattr("policy.plugins.interpreter._START", "import os, signal; os.kill(os.getpid(), signal.SIGABRT)")
    facts = evaluate(make_facts("data: {rows: 9}"), "data.rows > 1")
    assert facts.faults == {"cel:data.rows > 1": "the CEL expression `data.rows > 1` ended without an answer"}


def test_a_process_that_cannot_be_started_is_said(evaluate, monkeypatch):
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    facts = evaluate(make_facts("data: {rows: 9}"), "data.rows > 1")
    (said,) = facts.faults.values()
    assert said.endswith("could not be evaluated: No such file or directory")


def find_process(evaluator):
    return evaluator._worker._running.process


def test_one_process_serves_all_subjects():
    expressions = [Expression("data.rows > 1", {"data.rows": "int"})]
    evaluator = Evaluator(expressions, PLENTY)
    try:
        first = evaluator.add_answers(make_facts("data: {rows: 1}"))
        process = find_process(evaluator)
        second = evaluator.add_answers(make_facts("data: {rows: 2}"))
        assert (first.values["cel:data.rows > 1"], second.values["cel:data.rows > 1"]) == (False, True)
        assert find_process(evaluator) is process
    finally:
        evaluator.close()
    assert process.poll() is not None


def test_faults_of_others_and_what_is_not_wanted_stay():
    expressions = [Expression(text, {"data.rows": "int"}) for text in ("data.rows > 1", "data.rows > 2")]
    evaluator = Evaluator(expressions, PLENTY)
    try:
        facts = make_facts("data: {rows: 9}", faults={"x.a": "a predicate broke"}, unavailable={"data.tokens": "gone"})
        answered = evaluator.add_answers(facts, {"cel:data.rows > 2"})
    finally:
        evaluator.close()
    assert answered.faults == {"x.a": "a predicate broke"}
    assert answered.unavailable == {"data.tokens": "gone"}
    assert [path for path in answered.values if path.startswith("cel:")] == ["cel:data.rows > 2"]
    assert answered.subject == facts.subject


# The far side


class Said:
    """What an evaluation gave, as CEL's own class does."""

    def __init__(self, kind, value=None):
        self.kind, self.plain = kind, value

    def type(self):
        return self.kind

    def value(self):
        return self.plain

    plain_value = value

    def eval(self, data):
        return self


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Said(cel.Type.BOOL, value=False), {"answer": False}),
        (Said(cel.Type.BOOL, value=True), {"answer": True}),
        (Said(cel.Type.ERROR, "NOT_FOUND: no\n such  key"), {"error": "broke: no such key"}),
        (Said(cel.Type.INT, 1), {"fault": "gave a value of the type int, not true or false"}),
        (Said(cel.Type.ERROR, "x" * 1000), {"error": f"broke: {'x' * 200}"}),
    ],
)
def test_only_a_boolean_is_an_answer(said, expected):
    assert expression_worker.evaluate(said, {}) == expected


def test_an_error_of_cel_is_true_in_python_and_no_answer():
    value = cel.NewEnv().compile("1 / 0 == 1").eval(data={})
    assert bool(value) is True
    assert expression_worker.evaluate(cel.NewEnv().compile("1 / 0 == 1"), {}) == {"error": "broke: divide by zero"}


def test_memory_is_limited_in_the_process_that_evaluates():
    pytest.importorskip("resource", reason="no limits of this kind on this system")
    code = """
import resource
from policy.plugins.worker import limit_memory
limit_memory(300)
print(resource.getrlimit(resource.RLIMIT_AS)[0] >> 20, resource.getrlimit(resource.RLIMIT_CORE)[0])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["300", "0"]


def test_types():
    assert get_type(BOOLEAN) == "bool"
    assert get_type(COUNT) == "int"
    assert get_type(RATE) == "double"
    assert get_type(enum("a")) == get_type(PATH) == "string"
    assert (get_type(DURATION), get_type(DATE)) == ("duration", "timestamp")
    assert get_type(list_of(enum("a"))) == "list<string>"
    assert get_type(MONEY) is get_type(list_of(MONEY)) is get_type(RecordsKind("list of records")) is None


def test_a_long_expression_is_cut_where_it_breaks():
    assert shorten_text("a\n  &&  b") == "a && b"
    assert shorten_text("x" * 500) == f"{'x' * (LONGEST - 1)}…"
