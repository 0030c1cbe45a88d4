"""What a client sends keeps every claim of a manifest, and no other bytes than canonical JSON of one are taken."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from policy.app.runs.sent import MOST_BYTES, decode_sent, encode_sent, name_body
from policy.errors import PolicyError
from policy.model.canonical import canonical_json
from policy.model.fact import ABSENT, Fact, Members
from policy.model.fields import SCHEMA
from policy.model.kinds import MONEY, NUMBER
from policy.model.manifest import Manifest, read_manifest
from policy.model.schema import Field
from tests.building import make_claims, make_document
from tests.model.test_manifest_model import EXTENDED, find_problems, manifests, read

TEXT = """\
manifest: 1
project: support-tone
data:
  rows: 1200
  sources:
    - {path: data/train.jsonl, license: mit, rows: 1200}
    - {path: data/test.jsonl, split: test}
purpose: [style]
budget: {per_run: 20 USD}
needs: {update_within: 2d, citations: false}
model: {base: "1234567"}
"""


def load(text: str = TEXT) -> Manifest:
    return read_manifest(make_document(text, "ml-manifest.yaml"))


def strip(value: Any) -> Any:
    """A value without where its parts come from."""
    if isinstance(value, Members):
        return [strip(item) for item in value.items], value.complete
    if isinstance(value, dict):
        return {name: strip(fact.value) for name, fact in value.items()}
    return value


def tell(claims: Any) -> list[Any]:
    return sorted(((fact.path, strip(fact.value)) for fact in claims), key=lambda item: item[0])


def send(document: Any) -> bytes:
    return canonical_json(document)


def wrap(manifest: Any, **parts: Any) -> dict[str, Any]:
    return {"format": "policy-run-manifest/1", "manifest": manifest, **parts}


def refuse(body: bytes) -> str:
    with pytest.raises(PolicyError) as raised:
        decode_sent(body)
    assert all(problem.remedy and problem.location is None for problem in raised.value.problems)
    return "\n".join(problem.message for problem in raised.value.problems)


@settings(max_examples=300)
@given(manifests())
def test_every_claim_of_a_manifest_survives(data):
    if find_problems(data):
        return
    manifest = read(data)
    body = encode_sent(manifest, EXTENDED)
    sent = decode_sent(body, EXTENDED)
    assert (sent.project, tell(sent.claims)) == (manifest.project, tell(manifest.claims))
    assert encode_sent(Manifest(sent.project, "", sent.claims), EXTENDED) == body


@pytest.mark.parametrize(
    ("line", "path", "kind"),
    [
        ("x: {price: 0.00000000000000000000000000000000001USD}", "x.price", MONEY),
        ("x: {price: 123456789012345678901234567890123456USD}", "x.price", MONEY),
        ("x: {price: 5e-324}", "x.price", NUMBER),
        ("x: {price: 1.7976931348623157e308}", "x.price", NUMBER),
        ("x: {price: 9007199254740993}", "x.price", NUMBER),
        ("data: {rows: 9007199254740992}", "data.rows", None),
        ("needs: {update_within: 9007199254740992ms}", "needs.update_within", None),
        ('owner: {team: "~"}', "owner.team", None),
        ('model: {base: "a\\u2028b\\tc"}', "model.base", None),
    ],
)
def test_values_at_the_edge_survive(line, path, kind):
    schema = SCHEMA.extended((Field(path, kind, "a value"),)) if kind else SCHEMA
    if path not in schema.fields:
        pytest.fail(f"the schema has no {path}")
    manifest = read_manifest(make_document(f"manifest: 1\nproject: a\n{line}\n", "m.yaml"), schema)
    assert tell(decode_sent(encode_sent(manifest, schema), schema).claims) == tell(manifest.claims)


def test_all_is_declared_and_nothing_says_where_the_file_stood():
    sent = decode_sent(encode_sent(load()))
    inner = [fact for claim in sent.claims if claim.path == "data.sources" for one in claim.value.items for fact in one]
    assert inner
    assert {(fact.origin, fact.source, fact.location) for fact in sent.claims} == {("declared", "manifest", None)}
    records = next(claim.value.items for claim in sent.claims if claim.path == "data.sources")
    assert {fact.location for record in records for fact in record.values()} == {None}


def test_the_name_is_the_digest_of_the_bytes():
    body = encode_sent(load())
    assert decode_sent(body).digest == name_body(body)
    assert name_body(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_one_manifest_has_one_form():
    turned = load(TEXT.replace("rows: 1200\n", "rows: 1_200\n".replace("_", "")).replace("2d", "48h"))
    assert encode_sent(turned) == encode_sent(load())
    assert json.loads(encode_sent(load()))["manifest"]["budget"] == {"per_run": "20 USD"}


SEEN = [
    *make_claims("data.rows: 700\ntraining.epochs: 3", origin="observed", source="training config"),
    *make_claims("data.rows: 500", origin="observed", source="data files"),
    *make_claims("evaluation.gain_low: 0.1", origin="observed", source="evaluation results"),
    Fact("training.seed", ABSENT, "observed", "training config"),
    Fact("manifest.present", True, "observed", "discovery"),
    Fact("approval.by", "ada", "observed", "approvals"),
]


def test_what_the_client_saw_is_declared_and_what_only_the_server_knows_is_left_out():
    manifest = load("manifest: 1\nproject: a\ntraining: {epochs: 4}\n")
    sent = decode_sent(encode_sent(manifest, SCHEMA, SEEN))
    seen = [fact for fact in sent.claims if fact.source == "sent by the client"]
    assert {fact.origin for fact in seen} == {"declared"}
    assert {fact.path: fact.value for fact in seen} == {
        "data.rows": 1200,
        "evaluation.gain_low": 0.1,
        "training.epochs": 3.0,
        "training.seed": ABSENT,
    }
    assert [fact.value for fact in sent.claims if fact.path == "training.epochs"] == [4.0, 3.0]


def test_of_a_sum_the_manifest_is_not_counted_twice():
    sent = decode_sent(encode_sent(load(), SCHEMA, SEEN))
    assert [fact.value for fact in sent.claims if fact.path == "data.rows"] == [1200]


def test_lists_that_the_client_saw_are_open():
    seen = make_claims("data.sources: [{path: a.csv}]", origin="observed", source="training config")
    sent = decode_sent(encode_sent(load("manifest: 1\nproject: a\n"), SCHEMA, seen))
    (fact,) = (fact for fact in sent.claims if fact.path == "data.sources")
    assert strip(fact.value) == ([{"path": "a.csv"}], False)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"approval.by": "ada"}, "`approval.by` is not for a client to tell"),
        ({"approval": {"current": True}}, "`approval.current` is not for a client to tell"),
        ({"manifest": {"present": True}}, "`manifest.present` is not for a client to tell"),
        ({"run.activity": "baseline"}, "`run.activity` is not for a client to tell"),
        ({"evidence.contradictions": 0}, "`evidence.contradictions` is not for a client to tell"),
        ({"provider.available": True}, "`provider.available` is not for a client to tell"),
        ({"data.license_terms": []}, "`data.license_terms` is not for a client to tell"),
        ({"cel:true": True}, "unknown field `cel:true`"),
        ({"nothing": 1}, "unknown field `nothing`"),
        ({"data": None}, "`data` is not for a client to tell"),
        ({"data.rows": "5"}, "quoted text where a whole number is needed"),
        ([], "the facts that were sent are no mapping"),
        (None, "the facts that were sent are no mapping"),
    ],
)
def test_facts_that_no_client_can_tell(facts, message):
    assert message in refuse(send(wrap({"manifest": 1, "project": "a"}, facts=facts)))


GOOD = {"manifest": 1, "project": "a"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not canonical JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'"\\ud800"', "half of a character"),
        (b'{"a":"\\u0000"}', "holds U+0000"),
        (b'{"x\\u0000":1}', "holds U+0000"),
        (b'{"a":"\\\\\\u0000"}', "holds U+0000"),
        (b'{"a":"\\ud83d"}', "half of a character"),
        (b'{"\\ud800":1}', "half of a character"),
        (b"\xef\xbb\xbf{}", "not canonical JSON"),
        (b"NaN", "NaN is no number"),
        (b'{"a":-Infinity}', "-Infinity is no number"),
        (b"1e999", "not canonical JSON"),
        (b"9" * 60_000, "not canonical JSON"),
        (b'{"a":1,"a":1}', "an object names a key twice"),
        (b"[" * 10_000, "nested deeper"),
        (b"[" * 10_000 + b"]" * 10_000, "nested deeper"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested deeper"),
        (send(GOOD) + b"\n", "not in the canonical form"),
        (b'{"b":1,"a":2}', "not in the canonical form"),
        (b'{"a":"\\u0061"}', "not in the canonical form"),
        (b"1.0", "not in the canonical form"),
        (b"9007199254740993", "not in the canonical form"),
        (b"[]", "no policy-run-manifest/1"),
        (send(GOOD), "no policy-run-manifest/1"),
        (send({"format": ["policy-run-manifest/1"]}), "no policy-run-manifest/1"),
        (send({**wrap(GOOD), "format": "policy-run-manifest/2"}), "no policy-run-manifest/1"),
        (send(wrap(GOOD, verdict="allow")), "has no part `verdict`"),
        (send({"format": "policy-run-manifest/1"}), "not a mapping"),
        (send(wrap([])), "not a mapping"),
        (send(wrap({"manifest": 1})), "names no project"),
        (send(wrap({"project": "a"})), "does not say its format"),
        (send(wrap({"manifest": 2, "project": "a"})), "format is `2`"),
        (send(wrap({**GOOD, "nothing": 1})), "unknown field `nothing`"),
        (send(wrap({**GOOD, "data": {"rows": "5"}})), "quoted text where a whole number is needed"),
        (send(wrap({**GOOD, "data": {"rows": -1}})), "less than 0"),
        (send(wrap({**GOOD, "data.rows": 5})), "written in one word"),
        (send(wrap({**GOOD, "approval": {"by": "ada"}})), "cannot be stated in a manifest"),
        (send(wrap({**GOOD, "tried": [[[[[]]]]]})), "needs fields"),
        (send(wrap({**GOOD, "tried": json.loads("[" * 60 + "]" * 60)})), "nested deeper"),
    ],
)
def test_bytes_that_are_no_run_manifest(body, message):
    assert message in refuse(body)


def test_all_problems_are_told_at_once():
    assert refuse(send(wrap({"manifest": 1, "nothing": 1, "data": {"rows": "5"}}))).count("\n") == 2


def test_what_is_too_large_is_neither_written_nor_read():
    fitting = send(wrap({**GOOD, "purpose": [], "owner": {"team": "x"}}))
    full = fitting.replace(b'"x"', b'"' + b"x" * (MOST_BYTES - len(fitting) + 1) + b'"')
    assert len(full) == MOST_BYTES == 65_536
    assert decode_sent(full).project == "a"
    assert "at most, and this one has 65,537" in refuse(full.replace(b"xx", b"xxx", 1))
    manifest = load(f"manifest: 1\nproject: a\nowner: {{team: {'x' * MOST_BYTES}}}\n")
    with pytest.raises(PolicyError, match="65,536 bytes at most"):
        encode_sent(manifest)


def test_half_of_a_character_is_not_sent():
    manifest = Manifest("\ud800", "", (Fact("project", "\ud800"),))
    with pytest.raises(PolicyError, match="half of a character"):
        encode_sent(manifest)


@pytest.mark.parametrize(
    ("project", "said"),
    [("support-" + "x" * 500, "has 508 characters"), ("a\nb", "cannot be printed"), ("a\u2028b", "cannot be printed")],
)
def test_a_project_has_a_name_that_the_ledger_takes(project, said):
    body = canonical_json({"format": "policy-run-manifest/1", "manifest": {"manifest": 1, "project": project}})
    with pytest.raises(PolicyError, match=said):
        decode_sent(body)
