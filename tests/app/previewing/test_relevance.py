"""Documents are taken for the same only where no policy could tell them apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy.app.previewing.relevance import Relevance
from policy.model.canonical import canonical_json
from policy.model.decision import Subject
from policy.model.recorded.facts import decode_facts, encode_facts
from tests.building import make_facts, make_policy

POLICY = "when: {stage: pilot}\nrequire: {training.commit: {present: true}, data.rows: {at_least: 3}}\n"
DECLARED = "stage: pilot\ndata: {rows: 5, sources: [{path: a.jsonl, split: train}]}"
OBSERVED = "training: {commit: abc1234}\ndata: {rows: 5}"


@pytest.fixture(scope="module")
def relevance():
    return Relevance((make_policy(POLICY),))


def write(declared: str = DECLARED, observed: str = OBSERVED, **more: Any) -> dict[str, Any]:
    """The facts as they are recorded."""
    facts = make_facts(declared, observed=observed, subject=Subject("a"), **more)
    document: dict[str, Any] = json.loads(canonical_json(encode_facts(facts)))
    return document


@pytest.mark.parametrize(
    "other",
    [
        write("# a remark\n" + DECLARED.replace(", sources: [{path: a.jsonl, split: train}]", "")),
        write(
            DECLARED.replace(", sources: [{path: a.jsonl, split: train}]", ""), OBSERVED.replace("abc1234", "fff1234")
        ),
        write(
            f"{DECLARED.replace(', sources: [{path: a.jsonl, split: train}]', '')}\nsystem: {{risk: minimal}}",
            observed_file="elsewhere/config.yaml",
        ),
    ],
    ids=["lines", "a commit of which it matters only that it is there", "what is stated and nobody reads"],
)
def test_what_no_policy_can_tell_apart(relevance, other):
    plain = write(DECLARED.replace(", sources: [{path: a.jsonl, split: train}]", ""))
    assert canonical_json(plain) != canonical_json(other)
    assert relevance.tell(plain) == relevance.tell(other) is not None


@pytest.mark.parametrize(
    "other",
    [
        write(DECLARED.replace("pilot", "production")),
        write(DECLARED.replace("rows: 5", "rows: 4")),
        write(observed="data: {rows: 5}"),
        write(observed="training: {commit: abc1234}\ndata: {rows: 5}\nmodel: {base: x}"),
        write(DECLARED.replace("a.jsonl", "b.jsonl")),
        write(source="another"),
        write(unavailable={"data.rows": "timed out"}),
        write(faults={"data.rows": "it broke"}),
        write(observed=OBSERVED.replace("commit: abc1234", "seed: 1"), absent=("training.commit",)),
    ],
)
def test_what_may_decide_something(relevance, other):
    assert relevance.tell(write()) != relevance.tell(other)


def test_what_is_left_can_be_read_and_holds_what_is_needed(relevance):
    reduced = decode_facts(relevance.reduce(write(f"{DECLARED}\nsystem: {{risk: minimal}}")))
    assert {claim.path for claim in reduced.claims} == {"stage", "data.rows", "data.sources", "training.commit"}
    assert reduced.values["data.rows"] == 5


def test_claims_of_one_source_keep_where_they_stand(relevance):
    row = ["data.rows", 5, "observed", "files", "", ["a", 1, 1, 1, 2]]
    other = ["data.rows", 6, *row[2:]]

    def stand(first, second):
        return {**write(), "claims": [[*row[:5], first], [*other[:5], second]]}

    near, far = ["a", 1, 1, 1, 2], ["b", 1, 1, 1, 2]
    told = relevance.tell(stand(near, far))
    # Only the order of places counts.
    assert told == relevance.tell(stand(near, ["a", 7, 1, 7, 2]))
    assert len({told, *(relevance.tell(stand(*pair)) for pair in ((far, near), (near, near), (None, far)))}) == 4
    assert relevance.reduce(stand(near, far))["claims"] == stand(near, far)["claims"]


def test_lists_that_moved_and_nothing_more(relevance):
    plain, moved = write(), write(f"# a remark\n\n{DECLARED}")
    assert canonical_json(plain) != canonical_json(moved)
    assert relevance.tell(plain) == relevance.tell(moved) is not None
    assert relevance.tell(plain) != relevance.tell(
        write(DECLARED.replace("path: a.jsonl, split: train", "split: train"))
    )


@pytest.mark.parametrize(
    "document",
    [
        {},
        {**write(), "claims": None},
        {**write(), "claims": [1]},
        {**write(), "claims": [["stage", "pilot", "declared", "", ""]]},
        {**write(), "claims": [[["stage"], "pilot", "declared", "", "", None]]},
        {**write(), "claims": [["stage", "pilot", ["declared"], "", "", None], ["stage", 1, {}, [], "", None]]},
        {**write(), "faults": 3},
        {**write(), "claims": [["data.sources", [[["path"]]], "declared", "", "", None]]},
        {**write(), "claims": [["data.sources", {"open": 3}, "declared", "", "", None]]},
        {
            **write(),
            "claims": [["data.sources", [[["path", "a", "declared", "", "", [["x"]]]]], "declared", "", "", None]],
        },
    ],
)
def test_what_no_version_wrote_has_nothing_in_common_with_anything(relevance, document):
    assert relevance.tell(document) is None
