from __future__ import annotations

import sys
import time
from datetime import UTC, date, datetime
from importlib import import_module
from textwrap import dedent

import pytest

from policy.app.checking import Check, CheckRequest, exit_code
from policy.engine.judge import judge
from policy.evidence.predicates import run_predicates
from policy.model.fact import ABSENT, Fact, Members
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.kinds import (
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    MONEY,
    NUMBER,
    PATH,
    RATE,
    STRING,
    RecordsKind,
    enum,
    list_of,
)
from policy.model.money import Money
from policy.model.policy import GateSettings, PolicySet
from policy.model.schema import Field
from policy.model.summary import Summary
from policy.plugins.contracts import Predicate
from tests.building import make_policy

NOW = datetime(2026, 11, 20, tzinfo=UTC)
# Longer than any machine needs to start an interpreter; nothing waits for it but what is meant to hang.
PLENTY = 120.0


@pytest.fixture
def predicate(tmp_path, monkeypatch):
    """The function `asked` of a module with this text, as a predicate."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "house_rules", raising=False)

    def make(text, kind=BOOLEAN, *, timeout=PLENTY):
        (tmp_path / "house_rules.py").write_text(dedent(text))
        function = import_module("house_rules").asked
        return Predicate(Field("x.asked", kind, "what was asked"), function, timeout)

    yield make
    sys.modules.pop("house_rules", None)


def ask(predicate, values=None):
    """The fact's value, or else what broke."""
    facts, faults = run_predicates([predicate], values or {})
    if faults:
        assert facts == []
        assert list(faults) == ["x.asked"]
        return faults["x.asked"]
    (fact,) = facts
    assert fact == Fact("x.asked", fact.value, "declared", "predicate asked")
    return fact.value


def test_an_answer_becomes_a_declared_fact(predicate):
    asked = predicate("def asked(values): return values['data.rows'] > 5 and values['approach'] == 'rag'")
    assert ask(asked, {"data.rows": 6, "approach": "rag"}) is True
    assert ask(asked, {"data.rows": 5, "approach": "rag"}) is False


@pytest.mark.parametrize(
    ("kind", "answer", "value"),
    [
        (BOOLEAN, "False", False),
        (INTEGER, "-3", -3),
        (NUMBER, "2", 2.0),
        (RATE, "0.25", 0.25),
        (STRING, "'a\\nß'", "a\nß"),
        (PATH, "'data/x.jsonl'", "data/x.jsonl"),
        (enum("low", "high"), "'low'", "low"),
        (DURATION, "86400000", 86_400_000),
        (DATE, "__import__('datetime').date(2026, 1, 2)", date(2026, 1, 2)),
        (MONEY, "__import__('policy.model.money').model.money.Money(2.5, 'EUR')", Money(2.5, "EUR")),
        (list_of(STRING), "['b', 'a', 'b']", Members(("b", "a"), complete=True)),
        (list_of(DATE), "()", Members((), complete=True)),
    ],
    ids=str,
)
def test_answers_of_every_kind(predicate, kind, answer, value):
    assert ask(predicate(f"def asked(values): return {answer}", kind)) == value


def test_none_leaves_the_fact_unknown(predicate):
    assert run_predicates([predicate("def asked(values): pass")], {}) == ([], {})


def test_values_are_plain_and_what_is_not_known_in_full_is_left_out(predicate):
    asked = predicate("def asked(values): return repr(sorted(values.items()))", STRING)
    records = ({"path": "a", "license": ABSENT, "license_terms": Members((), complete=False)}, {"path": "b"})
    values = {
        "purpose": Members(("style",), complete=True),
        "evaluation.metrics": Members(("accuracy",), complete=False),
        "data.sources": Members(records, complete=True),
        "model.revision": ABSENT,
        "budget.per_run": Money(3.0, "EUR"),
        "release.retires": date(2027, 1, 1),
    }
    assert ask(asked, values) == (
        "[('budget.per_run', Money(amount=3.0, currency='EUR')), ('data.sources', ({'path': 'a'}, {'path': 'b'})), "
        "('purpose', ('style',)), ('release.retires', datetime.date(2027, 1, 1))]"
    )


BROKEN = {
    "raises": ("raise ValueError('a secret')", "raised ValueError in house_rules.py, line 2"),
    "exits": ("sys.exit(0)", "raised SystemExit in house_rules.py, line 2"),
    "interrupts itself": ("raise KeyboardInterrupt", "raised KeyboardInterrupt in house_rules.py, line 2"),
    "ends the process": ("os._exit(0)", "ended without an answer"),
    "is killed": ("os.kill(os.getpid(), 9)", "ended without an answer"),
    "recurses for ever": ("return asked(values)", "raised RecursionError in house_rules.py, line 2"),
    "a text": ("return 'true'", "answered a str, not true or false"),
    "a number": ("return 1", "answered a int, not true or false"),
    "a list": ("return [True]", "answered a list, not true or false"),
    "an object": ("return object()", "answered a object, not true or false"),
    "a function": ("return lambda: True", "answered a function, not true or false"),
    "a class": ("return bool", "answered a type, not true or false"),
    "a generator": ("yield True", "answered a generator, not true or false"),
    "an open file": ("return sys.stdin", "answered a TextIOWrapper, not true or false"),
    "what cannot be compared": (
        "return type('A', (), {'__eq__': lambda *_: 1 / 0})()",
        "answered a A, not true or false",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_breaks_is_said_without_what_the_predicate_saw(predicate, case):
    body, fault = BROKEN[case]
    assert ask(predicate(f"import os, sys\ndef asked(values): {body}"), {"x.secret": "s3cr3t"}) == (
        f"predicate asked {fault}"
    )


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (INTEGER, "True"),
        (INTEGER, "1.0"),
        (INTEGER, "2 ** 60"),
        (INTEGER, "10 ** 5000"),
        (NUMBER, "float('nan')"),
        (NUMBER, "float('inf')"),
        (NUMBER, "2j"),
        (RATE, "1.5"),
        (STRING, "''"),
        (STRING, "b'bytes'"),
        (STRING, "'\\ud800'"),
        (PATH, "'a\\0b'"),
        (enum("low", "high"), "'medium'"),
        (DURATION, "-1"),
        (DURATION, "'30d'"),
        (DATE, "'2026-01-02'"),
        (DATE, "__import__('datetime').datetime(2026, 1, 2)"),
        (MONEY, "(3, 'EUR')"),
        (MONEY, "__import__('policy.model.money').model.money.Money('x', 5)"),
        (list_of(STRING), "'abc'"),
        (list_of(STRING), "{'a'}"),
        (list_of(STRING), "['a', 1]"),
        (list_of(STRING), "['a', None]"),
        (RecordsKind("records"), "[{}]"),
    ],
    ids=str,
)
def test_an_answer_of_another_kind_is_refused(predicate, kind, answer):
    said = ask(predicate(f"def asked(values): return {answer}", kind))
    assert said.startswith("predicate asked answered a ")
    assert said.endswith(f", not {kind.describe()}")


def test_a_huge_answer_is_refused(predicate):
    assert ask(predicate("def asked(values): return 'x' * 10_000_000", STRING)) == (
        "predicate asked answered more than 64 KiB"
    )


def test_one_that_hangs_is_ended_with_all_that_it_started(predicate, tmp_path):
    pids = tmp_path / "pids"
    asked = predicate(
        f"""\
        import os, time
        def asked(values):
            child = os.fork()
            with open({str(pids)!r}, "a") as file:
                file.write(f"{{os.getpid()}}\\n")
            time.sleep(10_000)
        """,
        timeout=0.5,
    )
    # More time is given until both processes have said who they are.
    while True:
        pids.write_text("")
        assert ask(asked) == f"predicate asked gave no answer within {asked.timeout:g} s"
        started = [int(line) for line in pids.read_text().split()]
        if len(started) == 2:
            break
        asked = asked._replace(timeout=asked.timeout * 2)
    # Who is killed may take a moment to go.
    for _ in range(1000):
        if not any(map(is_running, started)):
            return
        time.sleep(0.05)
    pytest.fail("what the predicate started is still running")


def is_running(pid: int) -> bool:
    """Whether the process still does anything; one that nobody has waited for is dead all the same."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_one_that_leaves_a_thread_behind_has_answered(predicate):
    asked = predicate(
        "import threading, time\n"
        "def asked(values):\n"
        "    threading.Thread(target=time.sleep, args=(10_000,)).start()\n"
        "    return True\n"
    )
    assert ask(asked) is True


def test_what_it_prints_does_not_get_into_reports(predicate, capfd):
    asked = predicate(
        "import os\n"
        "print('imported')\n"
        "def asked(values):\n"
        "    print('called')\n"
        "    os.write(1, b'written\\n')\n"
        "    os.system('echo echoed')\n"
        "    return True\n"
    )
    capfd.readouterr()
    assert ask(asked) is True
    out, err = capfd.readouterr()
    assert out == ""
    assert sorted(err.split()) == ["called", "echoed", "imported", "written"]


def test_nothing_is_imported_from_the_folder_that_is_judged(predicate, tmp_path, monkeypatch):
    hostile = tmp_path / "repository"
    (hostile / "policy").mkdir(parents=True)
    for name in ("json", "pickle", "sitecustomize", "multiprocessing", "policy/__init__", "house_rules"):
        (hostile / f"{name}.py").write_text("raise SystemExit('hijacked')\n")
    asked = predicate("def asked(values): return True")
    monkeypatch.chdir(hostile)
    assert ask(asked) is True


def test_one_that_breaks_takes_nothing_from_the_others(predicate):
    broken = predicate("def asked(values): return values['y']\ndef other(values): return True")
    other = Predicate(Field("x.other", BOOLEAN, ""), sys.modules["house_rules"].other, PLENTY)
    facts, faults = run_predicates([broken, other], {})
    assert [(fact.path, fact.value) for fact in facts] == [("x.other", True)]
    assert faults == {"x.asked": "predicate asked raised KeyError in house_rules.py, line 1"}


def test_without_an_interpreter_it_is_said(predicate, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert ask(predicate("def asked(values): return True")) == (
        "predicate asked could not be started: No such file or directory"
    )


# In a decision

ASKS = "policy: asks\nrequire: {x.asked: true}\neffect: block"
OTHER = "policy: other\nrequire: {approach: rag}\neffect: advise"


def decide(predicate, *, gates=None):
    schema = SCHEMA.extended((predicate.field,))
    facts = Facts((Fact("approach", "rag"),), schema)
    answers, faults = run_predicates([predicate], facts.values)
    facts = Facts((*facts.claims, *answers), schema, facts.subject, None, faults)
    policies = tuple(make_policy(text, schema=schema) for text in (ASKS, OTHER))
    return judge(PolicySet(policies, schema=schema, gates=gates or {}), facts, gate="ci", now=NOW)


@pytest.mark.parametrize(
    ("body", "outcome", "verdict"),
    [("return True", "pass", "allow"), ("return False", "fail", "block"), ("return None", "unknown", "flag")],
)
def test_policies_judge_the_answer(predicate, body, outcome, verdict):
    decision = decide(predicate(f"def asked(values): {body}"))
    assert decision.outcomes[0].outcome == outcome
    assert decision.verdict == verdict


FAULTS = [
    ("raise ValueError('a secret')", PLENTY),
    ("sys.exit(0)", PLENTY),
    ("os._exit(0)", PLENTY),
    ("return 'nonsense'", PLENTY),
    ("return 10 ** 5000", PLENTY),
    ("time.sleep(10_000)", 0.5),
]


@pytest.mark.parametrize(("body", "timeout"), FAULTS)
@pytest.mark.parametrize("effect", ["block", "flag", "advise"])
def test_every_fault_is_an_error_that_acts_as_the_gate_says(predicate, body, timeout, effect):
    asked = predicate(f"import os, sys, time\ndef asked(values): {body}", timeout=timeout)
    decision = decide(asked, gates={"ci": GateSettings(on_error=effect)})
    first, second = decision.outcomes
    assert (first.outcome, first.effect) == ("error", effect)
    assert first.message.startswith("predicate asked ")
    assert "secret" not in first.message
    assert second.outcome == "pass"
    assert decision.verdict == {"advise": "allow"}.get(effect, effect)
    summary = Summary()
    summary.count(decision)
    assert exit_code(summary, [], "block") == (1 if effect == "block" else 0)


def test_a_fault_gives_the_same_decision_again(predicate):
    text = "def asked(values): raise ValueError(object())"
    assert decide(predicate(text)).id == decide(predicate(text)).id


def test_a_fault_blocks_where_nothing_is_said_and_in_observe_does_not_act(predicate):
    asked = predicate("def asked(values): raise ValueError")
    assert decide(asked).verdict == "block"
    observed = decide(asked, gates={"ci": GateSettings(mode="observe")})
    assert observed.verdict == "allow"
    assert observed.outcomes[0].would_be == "block"


def test_predicates_run_in_a_check(predicate, tmp_path, monkeypatch):
    predicate("def asked(values): return values['project'] == 'reply-tone'")
    rules = tmp_path / "house_rules.py"
    rules.write_text(
        rules.read_text() + "\n"
        "from policy import hookimpl\n"
        "from policy.model.schema import Field\n"
        "from policy.model.kinds import BOOLEAN\n"
        "from policy.plugins.contracts import Predicate\n"
        "@hookimpl\n"
        f"def predicates(): return [Predicate(Field('x.asked', BOOLEAN, 'asked'), asked, {PLENTY})]\n"
    )
    sys.modules.pop("house_rules")
    root = tmp_path / "repository"
    (root / "policies").mkdir(parents=True)
    (root / "policy.yaml").write_text("policy_set: 1\npolicies: [policies]\nplugins: [house_rules]\n")
    (root / "policies" / "asks.yaml").write_text(f"title: Asks\nseverity: low\n{ASKS}\n")
    (root / "ml-manifest.yaml").write_text("manifest: 1\nproject: reply-tone\n")
    monkeypatch.chdir(root)
    assert [rendered.verdict for rendered in Check(CheckRequest((".",), "check", NOW)).run()] == ["allow"]
    (root / "ml-manifest.yaml").write_text("manifest: 1\nproject: other\n")
    assert [rendered.verdict for rendered in Check(CheckRequest((".",), "check", NOW)).run()] == ["block"]
