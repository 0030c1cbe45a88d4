"""Which of several claims is judged, and which contradict each other."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import Location
from policy.model.fact import ABSENT, Fact, Members
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.kinds import STRING, list_of
from policy.model.money import Money
from policy.model.resolution import agrees, resolve
from policy.model.schema import Field

ORIGINS = ["observed", "attested", "declared", "estimated"]
# No value of any field.
CONFLICT = "CONFLICT"


def judge(path: str, *claims: tuple[str, Any]) -> tuple[Any, str | None, int]:
    """The value and the origin that count, and the number of contradictions, in whatever order the claims come."""
    results = set()
    for ordered in permutations(claims):
        judged, contradictions = resolve([Fact(path, value, origin) for origin, value in ordered], SCHEMA)
        fact = judged.get(path)
        results.add((fact.value, fact.origin, len(contradictions)) if fact else (CONFLICT, None, len(contradictions)))
    (result,) = results
    return result


# Which origin counts


@pytest.mark.parametrize("strong", ORIGINS)
@pytest.mark.parametrize("weak", ORIGINS)
def test_the_stronger_origin_counts(strong, weak):
    if ORIGINS.index(strong) >= ORIGINS.index(weak):
        return
    value, origin, contradictions = judge("stage", (strong, "pilot"), (weak, "production"))
    assert (value, origin) == ("pilot", strong)
    # An estimate is allowed to be wrong.
    assert contradictions == (0 if weak == "estimated" else 1)


def test_one_claim_counts_whatever_its_origin():
    for origin in ORIGINS:
        assert judge("stage", (origin, "pilot")) == ("pilot", origin, 0)


def test_equal_claims_are_no_contradiction():
    assert judge("stage", ("observed", "pilot"), ("declared", "pilot")) == ("pilot", "observed", 0)
    assert judge("stage", ("observed", "pilot"), ("observed", "pilot")) == ("pilot", "observed", 0)


def test_every_weaker_claim_that_disagrees_is_a_contradiction():
    claims = ("observed", "pilot"), ("attested", "production"), ("declared", "retired"), ("estimated", "prototype")
    assert judge("stage", *claims) == ("pilot", "observed", 2)


def test_an_attested_value_that_agrees_is_judged_as_observed():
    assert judge("data.rows", ("attested", 1000), ("declared", 1005)) == (1000, "attested", 0)
    assert judge("data.rows", ("observed", 1001), ("attested", 1000)) == (1001, "observed", 0)


# Rules of agreement: observed value, declared value, whether they agree

AGREEMENT = [
    ("stage", "pilot", "pilot", True),
    ("stage", "pilot", "production", False),
    ("model.base", "Qwen/Qwen2.5", "qwen/qwen2.5", True),
    ("model.base", "Qwen/Qwen2.5", "qwen/qwen2", False),
    ("model.revision", "a09a35458c702b33", "a09a354", True),
    ("model.revision", "a09a354", "a09a35458c702b33", True),
    ("model.revision", "a09a35458c702b33", "a09a35", False),
    ("model.revision", "a09a35458c702b33", "A09A354", False),
    ("model.revision", "a09a35458c702b33", "b09a354", False),
    ("approach", "fine-tuning", "hybrid", True),
    ("approach", "fine-tuning", "rag", False),
    ("approach", "hybrid", "fine-tuning", False),
    ("data.rows", 1000, 1010, True),
    ("data.rows", 1000, 1011, False),
    ("data.rows", 1000, 991, True),
    ("data.rows", 0, 0, True),
    ("data.rows", 0, 1, False),
    ("data.tokens", 5, 5_000_000, True),
    ("data.change_interval", 1, 10**10, True),
    ("cost.run", Money(5, "USD"), Money(9, "EUR"), True),
    ("budget.per_run", Money(5, "USD"), Money(9, "USD"), False),
    ("evaluation.gain", -0.5, -0.51, True),
    ("evaluation.gain", -0.5, 0.5, False),
    ("training.validation", True, False, False),
    ("stage", ABSENT, "pilot", False),
    ("data.tokens", ABSENT, 5, True),
]


@pytest.mark.parametrize(("path", "observed", "declared", "expected"), AGREEMENT)
def test_when_a_declaration_and_an_observation_agree(path, observed, declared, expected):
    _, _, contradictions = judge(path, ("observed", observed), ("declared", declared))
    assert contradictions == (0 if expected else 1)


@pytest.mark.parametrize(
    ("path", "observed", "declared", "judged"),
    [
        ("approach", "fine-tuning", "hybrid", ("hybrid", "declared")),
        ("model.revision", "a09a354", "a09a35458c702b33", ("a09a35458c702b33", "declared")),
        ("model.revision", "a09a35458c702b33", "a09a354", ("a09a35458c702b33", "observed")),
        ("data.rows", 1000, 1005, (1000, "observed")),
        ("model.base", "Qwen/A", "qwen/a", ("Qwen/A", "observed")),
    ],
)
def test_of_two_that_agree_the_more_exact_value_counts_with_its_own_origin(path, observed, declared, judged):
    assert judge(path, ("observed", observed), ("declared", declared)) == (*judged, 0)


def test_the_more_exact_value_is_shown_where_it_stands():
    there = Location("ml-manifest.yaml", 3, 11)
    claims = [Fact("approach", "fine-tuning", "observed"), Fact("approach", "hybrid", "declared", location=there)]
    assert resolve(claims, SCHEMA)[0]["approach"].location == there


def test_agreement_is_a_matter_of_the_field():
    field = Field("x.name", STRING, "a name")
    assert not agrees(field, "a", "A")
    assert agrees(field._replace(agree="case"), "a", "A")
    assert agrees(field._replace(agree="any"), "a", "b")


# Several observations


@pytest.mark.parametrize(
    ("path", "values", "judged", "contradictions"),
    [
        ("stage", ["pilot", "production"], CONFLICT, 1),
        ("stage", ["pilot", "pilot", "pilot"], "pilot", 0),
        ("model.base", ["Qwen/A", "qwen/a"], None, 0),
        ("model.revision", ["a09a354", "a09a35458c"], "a09a35458c", 0),
        ("model.revision", ["a09a354", "a09a3541", "a09a3542"], CONFLICT, 1),
        ("approach", ["fine-tuning", "hybrid"], "hybrid", 0),
        ("data.rows", [1000, 2000], 3000, 0),
        ("data.secrets", [3, 4, 0], 7, 0),
        ("data.secrets", [ABSENT, 4], 4, 0),
        ("data.secrets", [ABSENT, ABSENT], ABSENT, 0),
        ("model.remote_code", [False, True, False], True, 0),
        ("model.remote_code", [False, False], False, 0),
        ("model.remote_code", [ABSENT, False], False, 0),
        ("model.remote_code", [ABSENT, ABSENT], ABSENT, 0),
        ("stage", [ABSENT, "pilot"], CONFLICT, 1),
        ("data.tokens", [1, 5], 6, 0),
        ("data.change_interval", [1, 5], None, 0),
    ],
    ids=str,
)
def test_what_several_observations_make(path, values, judged, contradictions):
    value, _, found = judge(path, *(("observed", value) for value in values))
    assert found == contradictions
    # None: one of them, always the same.
    assert value in values if judged is None else value == judged


def test_a_declaration_does_not_settle_a_conflict_of_observations():
    claims = ("observed", "pilot"), ("observed", "production"), ("declared", "pilot")
    assert judge("stage", *claims) == (CONFLICT, None, 1)


def test_estimates_that_disagree_leave_the_declaration_alone():
    claims = ("estimated", "pilot"), ("estimated", "production"), ("declared", "retired")
    assert judge("stage", *claims)[:2] == ("retired", "declared")


def test_a_contradiction_names_the_stronger_claim_first():
    claims = [Fact("stage", "pilot", "declared"), Fact("stage", "production", "observed")]
    ((path, claim, against),) = resolve(claims, SCHEMA)[1]
    assert (path, claim.origin, against.origin) == ("stage", "observed", "declared")


STATED = {
    "stage": {"observed": "pilot", "declared": "retired"},
    "approach": {"observed": "rag", "declared": "hybrid"},
}


def test_contradictions_are_sorted_by_path():
    claims = [Fact(path, value, origin) for path in ("stage", "approach") for origin, value in STATED[path].items()]
    for ordered in permutations(claims):
        assert [found.path for found in resolve(ordered, SCHEMA)[1]] == ["approach", "stage"]


@pytest.mark.parametrize("sources", ["ab", "ba"])
def test_observations_agree_whichever_comes_first(sources):
    claims = [
        Fact("approach", value, "observed", source)
        for value, source in zip(("hybrid", "fine-tuning"), sources, strict=True)
    ]
    assert resolve(claims, SCHEMA)[0]["approach"].value == "hybrid"


def test_claims_outside_the_schema_are_left_out():
    assert resolve([Fact("x.size", 5)], SCHEMA) == ({}, ())


# Lists


def members(*items: Any, complete: bool = False) -> Members:
    return Members(items, complete)


def judge_list(path: str, *claims: tuple[str, Members]) -> tuple[set[Any], bool, str]:
    value, origin, contradictions = judge_unordered(path, *claims)
    assert contradictions == 0
    return set(value.items), value.complete, origin


def judge_unordered(path: str, *claims: tuple[str, Any]) -> tuple[Any, Any, int]:
    results = [
        resolve([Fact(path, value, origin) for origin, value in ordered], SCHEMA) for ordered in permutations(claims)
    ]
    assert all(result == results[0] for result in results)
    fact = results[0][0][path]
    return fact.value, fact.origin, len(results[0][1])


@pytest.mark.parametrize(
    ("claims", "items", "complete", "origin"),
    [
        ([("declared", members("style", complete=True))], ["style"], True, "declared"),
        ([("observed", members("style"))], ["style"], False, "observed"),
        (
            [("declared", members("style", complete=True)), ("observed", members("latency"))],
            ["style", "latency"],
            True,
            "observed",
        ),
        (
            [("observed", members("style")), ("observed", members("style", "latency"))],
            ["style", "latency"],
            False,
            "observed",
        ),
        ([("observed", members("style")), ("observed", members(complete=True))], ["style"], True, "observed"),
        ([("observed", ABSENT), ("declared", members("style", complete=True))], ["style"], True, "declared"),
    ],
    ids=str,
)
def test_lists_are_put_together(claims, items, complete, origin):
    assert judge_list("purpose", *claims) == (set(items), complete, origin)


@pytest.mark.parametrize("path", ["purpose", "tried"])
def test_a_list_that_nobody_states_and_that_is_not_there_is_absent(path):
    assert judge(path, ("observed", ABSENT)) == (ABSENT, "observed", 0)
    assert judge(path, ("observed", ABSENT), ("observed", ABSENT)) == (ABSENT, "observed", 0)


def record(origin: str, **values: Any) -> dict[str, Fact]:
    return {name: Fact(name, value, origin) for name, value in values.items()}


def settle_records(
    *claims: tuple[str, list[dict[str, Any]], bool], path: str = "tried"
) -> tuple[list[dict[str, Any]], bool, list[str]]:
    """The merged records as plain values sorted by text, whether they are all, and where they contradict."""
    stated = [
        (origin, Members(tuple(record(origin, **item) for item in items), complete))
        for origin, items, complete in claims
    ]
    value, _, _ = judge_unordered(path, *stated)
    _, contradictions = resolve([Fact(path, value, origin) for origin, value in stated], SCHEMA)
    plain = [{name: fact.value for name, fact in item.items()} for item in value.items]
    return sorted(plain, key=str), value.complete, [item.path for item in contradictions]


def test_records_of_one_key_are_merged_field_by_field():
    found = settle_records(
        ("declared", [{"approach": "rag", "results": "a.json"}, {"approach": "few-shot"}], True),
        ("observed", [{"results": "a.json", "score": 0.5}, {"run": "r1", "score": 0.25}], False),
    )
    assert found == (
        [
            {"approach": "few-shot"},
            {"results": "a.json", "score": 0.5, "approach": "rag"},
            {"run": "r1", "score": 0.25},
        ],
        True,
        [],
    )


def test_records_that_contradict_each_other():
    items, _, contradictions = settle_records(
        ("declared", [{"results": "a.json", "score": 0.9}], True),
        ("observed", [{"results": "a.json", "score": 0.5}], False),
    )
    assert items == [{"results": "a.json", "score": 0.5}]
    assert contradictions == ["tried[].score"]


def test_records_that_agree_within_the_fields_tolerance():
    items, _, contradictions = settle_records(
        ("declared", [{"path": "a.jsonl", "rows": 1005, "license": "MIT", "split": "test"}], True),
        ("observed", [{"path": "a.jsonl", "rows": 1000, "license": "mit", "split": "validation"}], False),
        path="data.sources",
    )
    assert items == [{"license": "mit", "path": "a.jsonl", "rows": 1000, "split": "validation"}]
    assert contradictions == []


@pytest.mark.parametrize("claims", [("train", "test"), ("validation", "train")])
def test_data_that_is_trained_on_is_not_held_out(claims):
    told = [[{"path": "a.jsonl", "split": split}] for split in claims]
    _, _, contradictions = settle_records(
        ("declared", told[0], True), ("observed", told[1], False), path="data.sources"
    )
    assert contradictions == ["data.sources[].split"]


def test_observations_of_one_record_that_conflict_leave_its_field_unknown():
    items, _, contradictions = settle_records(
        ("observed", [{"results": "a.json", "score": 0.9}], False),
        ("observed", [{"results": "a.json", "score": 0.5}], False),
    )
    assert (items, contradictions) == ([{"results": "a.json"}], ["tried[].score"])


def test_records_without_a_key_stay_apart():
    items, _, _ = settle_records(
        ("declared", [{"approach": "rag"}, {"approach": "rag"}], True), ("observed", [{"approach": "rag"}], False)
    )
    assert items == [{"approach": "rag"}] * 3


def test_what_two_records_do_not_have_does_not_make_them_one():
    items, _, contradictions = settle_records(
        ("observed", [{"results": ABSENT, "run": "r1"}, {"results": ABSENT, "run": "r2"}, {"results": ABSENT}], False)
    )
    assert (len(items), contradictions) == (3, [])


def test_records_of_one_claim_that_share_a_key_contradict_each_other_alike_in_any_order():
    told = [{"results": "a.json", "score": 0.9}, {"results": "a.json", "score": 0.5}]
    found = []
    for items in (told, told[::-1]):
        value = Members(tuple(record("observed", **item) for item in items), complete=False)
        ((path, claim, against),) = resolve([Fact("tried", value, "observed")], SCHEMA)[1]
        found.append((path, claim.value, against.value))
    assert found[0] == found[1]


@pytest.mark.parametrize("line", [9, 10, 98, 1000])
def test_no_claim_comes_first_because_it_stands_further_down(line):
    def tell(approach: str, down: int) -> Fact:
        member = Fact("approach", approach, "declared", location=Location("ml-manifest.yaml", line + down))
        return Fact("tried", Members(({"approach": member},), complete=True), "declared")

    judged, _ = resolve([tell("rag", 0), tell("rag", 1)], SCHEMA)
    assert [item["approach"].location.line for item in judged["tried"].value.items] == [line, line + 1]


def test_the_first_key_that_a_record_states_tells_it_apart():
    items, _, _ = settle_records(
        ("declared", [{"results": "a.json", "run": "r1"}], True), ("observed", [{"run": "r1", "score": 0.5}], False)
    )
    assert len(items) == 2


def test_lists_inside_of_records_are_put_together():
    field = SCHEMA.fields["data.sources"]
    assert field.kind.fields[-1].kind == list_of(field.kind.fields[-1].kind.of)  # type: ignore[attr-defined]
    items, _, _ = settle_records(
        ("observed", [{"path": "a", "license_terms": members("share-alike")}], False),
        ("attested", [{"path": "a", "license_terms": members("unlisted", complete=True)}], False),
        path="data.sources",
    )
    assert items == [{"license_terms": members("share-alike", "unlisted", complete=True), "path": "a"}]


# Order

CLAIMS: dict[str, list[Any]] = {
    "data.rows": [1000, 1004, 1009, 1012, ABSENT],
    "model.revision": ["a09a354", "a09a3541", "a09a35412", "a09a355"],
    "approach": ["fine-tuning", "hybrid", "rag"],
    "model.license": ["MIT", "mit", "bsd"],
    "data.secrets": [0, 3, ABSENT],
    "purpose": [members("style"), members("latency", complete=True), members(), ABSENT],
    "tried": [
        members(record("observed", results="a", score=0.5)),
        members(record("observed", results="a", score=0.7), record("observed", run="r"), complete=True),
        members(record("declared", results="a", run="r", score=0.5)),
    ],
}
claims = st.sampled_from(sorted(CLAIMS)).flatmap(
    lambda path: st.builds(
        Fact, st.just(path), st.sampled_from(CLAIMS[path]), st.sampled_from(ORIGINS), st.sampled_from("ab")
    )
)


@given(st.lists(claims, max_size=8), st.randoms())
def test_the_order_of_claims_decides_nothing(listed, random):
    shuffled = listed.copy()
    random.shuffle(shuffled)
    one, other = Facts(listed), Facts(shuffled)
    assert one.judged == other.judged
    assert one.proven == other.proven
    assert one.contradictions == other.contradictions
