"""All facts about a subject as a record keeps them, `policy-facts/1`, and back: judged again they give the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem
from policy.model.decision import Subject
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.recorded.values import MalformedError, decode_fact, encode_fact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.model.fact import Fact
    from policy.model.schema import Schema

FORMAT: Final = "policy-facts/1"
_SUBJECT: Final = ("project", "manifest", "training_config")
# A path stands before what encode_fact writes.
_CLAIM: Final = 6


def encode_facts(facts: Facts, redacted: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    """Everything that judging reads of the facts; `redacted` says where something was taken out, and of which kind.

    Claims keep their order: where several say the same, it decides what is shown.
    """
    return {
        "format": FORMAT,
        "subject": dict(zip(_SUBJECT, facts.subject, strict=True)),
        "claims": [row for fact in facts.claims if (row := _encode_claim(fact, facts.schema)) is not None],
        "unavailable": dict(facts.unavailable),
        "faults": dict(facts.faults),
        "redacted": {place: sorted(kinds) for place, kinds in sorted((redacted or {}).items())},
    }


def _encode_claim(fact: Fact, schema: Schema) -> list[Any] | None:
    """What nobody can name is judged by nobody."""
    field = schema.get(fact.path)
    return None if field is None else [fact.path, *encode_fact(field.kind, fact)]


def decode_facts(document: Any, schema: Schema = SCHEMA) -> Facts:
    """The facts of a document; what the schema does not know, or knows as another kind, is left out of them.

    Raises PolicyError for what is no such document.
    """
    return _read(document, schema)[0]


def list_misfits(document: Any, schema: Schema = SCHEMA) -> tuple[str, ...]:
    """The paths of the claims that `decode_facts` leaves out. Raises PolicyError."""
    return _read(document, schema)[1]


def _read(document: Any, schema: Schema) -> tuple[Facts, tuple[str, ...]]:
    try:
        _check_form(document)
        claims, misfits = _read_claims(document["claims"], schema)
        subject = Subject(*(document["subject"][name] for name in _SUBJECT))
        unavailable, faults = _read_texts(document["unavailable"]), _read_texts(document["faults"])
        return Facts(claims, schema, subject, unavailable, faults), tuple(dict.fromkeys(misfits))
    except MalformedError as error:
        raise PolicyError(Problem(f"the recorded facts cannot be read: {error}", "verify the ledger")) from None


def _check_form(document: Any) -> None:
    if type(document) is not dict or not isinstance(document.get("format"), str):
        raise MalformedError("they have no format")
    if document["format"] != FORMAT:
        raise MalformedError(f"their format is {document['format'][:40]!a}, and this version reads {FORMAT}")
    missing = [key for key in ("subject", "claims", "unavailable", "faults") if key not in document]
    if missing:
        raise MalformedError(f"they have no {missing[0]}")
    subject = document["subject"]
    if type(subject) is not dict or subject.keys() != set(_SUBJECT) or type(subject["project"]) is not str:
        raise MalformedError("they are about no subject")
    if not all(subject[name] is None or type(subject[name]) is str for name in _SUBJECT):
        raise MalformedError("they are about no subject")


def _read_claims(rows: Any, schema: Schema) -> tuple[list[Fact], list[str]]:
    claims: list[Fact] = []
    misfits: list[str] = []
    if type(rows) is not list:
        raise MalformedError("their claims are no list")
    fields = schema.fields
    for row in rows:
        if type(row) is not list or len(row) != _CLAIM or type(row[0]) is not str:
            raise MalformedError("a claim is none")
        path, *parts = row
        field = fields[path] if path in fields else schema.get(path)
        fact = None if field is None else decode_fact(path, field.kind, parts)
        if fact is None:
            misfits.append(path)
        else:
            claims.append(fact)
    return claims, misfits


def _read_texts(texts: Any) -> dict[str, str]:
    if type(texts) is not dict or not all(type(text) is str for pair in texts.items() for text in pair):
        raise MalformedError("the reasons why facts are not known are no texts")
    return texts
