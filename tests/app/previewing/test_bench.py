"""Judged again: what comes out is what `judge` says, whatever was judged before and is taken for the same."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.app.previewing.bench import Bench
from policy.app.previewing.exceptions import NOTHING, Excepted
from policy.app.workspace import open_workspace
from policy.engine.judge import judge
from policy.errors import Location, PolicyError
from policy.model.canonical import canonical_json
from policy.model.decision import Subject
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.policy import PolicySet
from policy.model.recorded.facts import encode_facts
from policy.model.waiver import Waiver
from policy.records.objects import Erased, digest_bytes
from tests.building import NOW, make_facts, make_policy
from tests.strategies import facts_about, policies

FIRST = date(2026, 1, 1)
DAYS = st.integers(0, 500).map(lambda days: FIRST + timedelta(days))
PLACES = st.none() | st.builds(Location, st.sampled_from(["a", "b"]), st.integers(1, 3), st.just(1))
DATED: dict[str, list[Any]] = {
    "model.retires": [date(2026, 3, 1), date(2026, 6, 1), date(2026, 12, 31)],
    "model.base": ["gpt-4o-mini-2024-07-18", "gpt-3.5-turbo-0125"],
    "training.tool": ["openai"],
    "model.license": ["apache-2.0", "cc-by-nc-4.0"],
    "release.retires": [date(2026, 5, 1)],
}


class Objects:
    """All of a ledger that judging needs."""

    def __init__(self):
        self.bodies = {}

    def keep(self, value):
        body = value if isinstance(value, bytes) else canonical_json(value)
        self.bodies[digest_bytes(body)] = body
        return digest_bytes(body)

    def get_object(self, digest):
        return self.bodies.get(digest)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The dated tables that are shipped."""
    return open_workspace(str(tmp_path_factory.mktemp("nothing"))).policy_set.tables


def move_fact(draw, fact):
    """The fact as it stands elsewhere after an unrelated change."""
    value = fact.value
    if isinstance(value, Members) and value.items and isinstance(value.items[0], dict):
        items = tuple({name: move_fact(draw, inner) for name, inner in item.items()} for item in value.items)
        value = Members(items, value.complete)
    source = draw(st.sampled_from(["", "a", "b"]))
    return fact._replace(value=value, source=source, digest=draw(st.sampled_from(["", "x"])), location=draw(PLACES))


@st.composite
def histories(draw):
    """Policies, and some subjects with what is known of them, that differ in little."""
    found = [
        make_policy(f"policy: p{number}\nrequire: {{{test}}}\n{extra}")
        for number, (test, extra) in enumerate(
            draw(
                st.lists(
                    st.sampled_from(
                        [
                            ("model.retires: {at_least: {now: 30d}}", ""),
                            ("release.retires: {less_than: {now: 0d}}", "when: {model.retires: {present: true}}\n"),
                            ("evidence.stale_tables: 0", ""),
                            ("provider.available: true", ""),
                            ("training.commit: {present: true}", "effect: block\n"),
                            ("evidence.contradictions: 0", ""),
                            ("data.rows: {at_least: 3}", "observed: [data.rows]\n"),
                        ]
                    ),
                    max_size=4,
                    unique=True,
                )
            )
        )
    ]
    found.append(draw(policies()))
    paths = sorted({path for policy in found for path in policy.paths} & SCHEMA.fields.keys())
    plain = draw(facts_about([*paths, "training.commit"]))
    dated = [
        Fact(path, draw(st.sampled_from(values)), draw(st.sampled_from(["declared", "observed"])))
        for path, values in DATED.items()
        if draw(st.booleans())
    ]
    subjects = []
    for number in range(draw(st.integers(1, 3))):
        left_out = draw(st.sampled_from([*paths, ""]))
        claims = [move_fact(draw, fact) for fact in (*plain.claims, *dated) if fact.path != left_out]
        claims = draw(st.permutations(claims))
        subjects.append(Facts(claims, SCHEMA, Subject(f"subject-{number}"), plain.unavailable))
    return found, subjects


def tell(bench, judged):
    return judged.verdict, [bench.acts[code] for code in judged.pattern.codes]


def expect(policy_set, facts, day, waivers=()):
    moment = datetime.combine(day, datetime.min.time(), UTC)
    decision = judge(policy_set, facts, gate="ci", now=moment, waivers=waivers)
    return decision.verdict, [(item.outcome, item.effect, item.would_be) for item in decision.outcomes]


@given(histories(), st.data())
@settings(max_examples=100)
def test_in_whatever_order_and_on_whatever_day(tables, history, data):
    found, subjects = history
    starts = data.draw(st.dictionaries(st.sampled_from([policy.id for policy in found]), DAYS, max_size=2))
    policy_set = PolicySet(tuple({policy.id: policy for policy in found}.values()), tables=tables, starts=starts)
    objects = Objects()
    bench = Bench(policy_set, objects, NOW)
    digests = [objects.keep(encode_facts(facts)) for facts in subjects]
    waivers = (Waiver("p0", "subject-*", "why", FIRST + timedelta(100)),)
    for _ in range(8):
        number, day = data.draw(st.integers(0, len(subjects) - 1)), data.draw(DAYS)
        excepted = data.draw(st.sampled_from([NOTHING, Excepted(waivers, (), ("w",))]))
        judged = bench.judge(digests[number], "ci", day.toordinal(), None, excepted)
        assert tell(bench, judged) == expect(policy_set, subjects[number], day, excepted.waivers)
        assert judged.subject == subjects[number].subject


def count_judgements(monkeypatch):
    from policy.app.previewing import bench as module

    asked = []
    real = vars(module)["judge_verdict"]

    def rule(*given, **options):
        asked.append(options["today"])
        return real(*given, **options)

    monkeypatch.setattr(module, "judge_verdict", rule)
    return asked


def keep_each(objects, *declared, **more):
    return [objects.keep(encode_facts(make_facts(text, subject=Subject("a"), **more))) for text in declared]


def test_days_that_come_to_the_same_are_judged_once(monkeypatch, tables):
    asked = count_judgements(monkeypatch)
    policy = make_policy("require: {model.retires: {at_least: {now: 30d}}}")
    objects = Objects()
    bench = Bench(PolicySet((policy,), tables=tables), objects, NOW)
    (digest,) = keep_each(objects, "", observed="model.retires: 2026-07-01")
    verdicts = [
        bench.judge(digest, "ci", (FIRST + timedelta(days)).toordinal(), None, NOTHING).verdict for days in range(365)
    ]
    assert (verdicts.index("flag"), len(asked)) == (152, 2)


def test_what_no_policy_can_tell_apart_is_judged_once(monkeypatch):
    asked = count_judgements(monkeypatch)
    objects = Objects()
    bench = Bench(PolicySet((make_policy("require: {stage: pilot, training.commit: {present: true}}"),)), objects, NOW)
    digests = [
        *keep_each(objects, "stage: pilot", "# a remark\nstage: pilot", observed="training.commit: abc1234"),
        *keep_each(objects, "stage: pilot", observed="training.commit: fff1234"),
        *keep_each(objects, "system: {risk: minimal}\nstage: pilot", observed="training.commit: abc1234"),
    ]
    day = FIRST.toordinal()
    assert {bench.judge(digest, "ci", day, None, NOTHING).verdict for digest in digests} == {"allow"}
    assert (len(set(digests)) >= 3, len(asked)) == (True, 1)
    (other,) = keep_each(objects, "stage: production", observed="training.commit: abc1234")
    assert bench.judge(other, "ci", day, None, NOTHING).verdict == "flag"
    assert len(asked) == 2


def test_the_owner_is_read_from_the_facts():
    objects = Objects()
    bench = Bench(PolicySet(()), objects, NOW)
    (known, unknown) = keep_each(objects, "owner: {team: search-ml, contact: a@example.com}", "stage: pilot")
    assert bench.judge(known, "ci", 1, None, NOTHING).owner == ("search-ml", "a@example.com")
    assert bench.judge(unknown, "ci", 1, None, NOTHING).owner == ("", "")


def test_what_stays_unknown_names_what_was_not_recorded():
    objects = Objects()
    policy = make_policy("when: {stage: pilot}\nrequire: {data.rows: {at_least: 3}}\nobserved: [data.rows]\n")
    bench = Bench(PolicySet((policy,)), objects, NOW)
    (digest,) = keep_each(objects, "stage: pilot\ndata: {rows: 5}")
    assert bench.judge(digest, "ci", 1, None, NOTHING).pattern.missing == ((0, ("data.rows",)),)


def write(claims="[]", format_="policy-facts/1", project='"a"', unavailable="{}"):
    """A document as somebody else might have written it."""
    subject = f'{{"project":{project},"manifest":null,"training_config":null}}'
    rest = f'"unavailable":{unavailable},"faults":{{}}'
    return f'{{"format":"{format_}","subject":{subject},"claims":{claims},{rest}}}'.encode()


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (b"{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "they have no format"),
        (write(format_="policy-facts/2"), "their format is 'policy-facts/2', and this version reads policy-facts/1"),
        (b'{"format":"policy-facts/1"}', "they have no subject"),
        (write(project="1"), "they are about no subject"),
        (write("[[1,2]]"), "a claim is none"),
        (write('[[1,2,"declared","","",null]]'), "a claim is none"),
        (write('[["stage",2,"guessed","","",null]]'), "nobody can have told `stage` so"),
        (write('{"a":1}'), "their claims are no list"),
        (write(unavailable="[]"), "the reasons why facts are not known are no texts"),
    ],
)
def test_facts_that_cannot_be_read_are_refused_each_time(stored, said):
    objects = Objects()
    bench = Bench(PolicySet((make_policy("require: {stage: pilot}"),)), objects, NOW)
    digest = objects.keep(stored)
    for _ in range(2):
        with pytest.raises(PolicyError) as refused:
            bench.judge(digest, "ci", 1, None, NOTHING)
        assert said in refused.value.problems[0].message


def test_erased_and_lost_facts_are_told_apart():
    objects = Objects()
    bench = Bench(PolicySet(()), objects, NOW)
    objects.bodies["sha256:1"] = Erased(3, "2026-01-01T00:00:00Z", "p-x", "asked for")
    for digest, said in (("sha256:1", "were erased"), ("sha256:2", "are gone")):
        with pytest.raises(PolicyError, match=said):
            bench.judge(digest, "ci", 1, None, NOTHING)


def test_little_is_kept_of_much(monkeypatch):
    from policy.app.previewing import bench as module

    monkeypatch.setattr(module, "JUDGED", 10)
    objects = Objects()
    bench = Bench(PolicySet((make_policy("require: {data.rows: 3}"),)), objects, NOW)
    for number in range(100):
        facts = json.loads(canonical_json(encode_facts(make_facts(f"data: {{rows: {number % 30}}}"))))
        judged = bench.judge(objects.keep(facts), "ci", 1, None, NOTHING)
        assert judged.verdict == ("allow" if number % 30 == 3 else "flag")
    assert (len(bench._judged), len(bench._found), len(bench._recorded)) == (10, 10, 30)
