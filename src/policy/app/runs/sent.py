"""The run manifest: what a client sends of a project before a run of it begins. All that it says is a claim."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.attempt import TRAINING
from policy.app.runs.bodies import ANEW, build_node, read_body
from policy.errors import PolicyError, Problem
from policy.model.canonical import canonical_json
from policy.model.fact import ABSENT, Fact, Members
from policy.model.fields import COMPARISON, DISCOVERY, SCHEMA, TABLES
from policy.model.kinds import BooleanKind, IntegerKind, ListKind, MoneyKind, NumberKind, RecordsKind
from policy.model.manifest import FORMAT, Manifest, read_manifest
from policy.model.reading import FactReader
from policy.model.resolution import resolve
from policy.records.runs.rows import LONGEST_NAME, is_line
from policy.source.display import quote_name
from policy.source.node import Document, Mapping
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.model.kinds import Kind
    from policy.model.schema import Field, Schema

MOST_BYTES: Final = 65_536
RUN_MANIFEST: Final = "policy-run-manifest/1"
DIGEST_TAG: Final = "ml-manifest.digest"
ACTIVITY_TAG: Final = "ml-manifest.activity"
ACTIVITIES: Final = ("baseline", "evaluation", "data", TRAINING)
MANIFEST, CLIENT = "manifest", "sent by the client"
# Amounts of money that are longer than this are not read.
_LONGEST_AMOUNT: Final = 40
# What the server works out for itself.
_OWN_EVIDENCE: Final = {DISCOVERY, COMPARISON, TABLES}


class Sent(NamedTuple):
    """What a client sent, by the digest of its bytes: the project and all claims, each of them declared."""

    digest: str
    project: str
    claims: tuple[Fact, ...]


def name_body(body: bytes) -> str:
    """The name of what is sent: `sha256:` and the digest of its bytes."""
    return f"sha256:{sha256(body).hexdigest()}"


def encode_sent(manifest: Manifest, schema: Schema = SCHEMA, facts: Iterable[Fact] = ()) -> bytes:
    """A manifest as canonical JSON, with what the client's collectors saw. Raises PolicyError where it is too large."""
    said: dict[str, Any] = {"manifest": int(FORMAT)}
    for claim in manifest.claims:
        _put(said, claim.path, write_value(schema.fields[claim.path].kind, claim.value))
    document: dict[str, Any] = {"format": RUN_MANIFEST, "manifest": said}
    seen = {path: fact for path, fact in resolve(facts, schema)[0].items() if can_tell(schema.fields[path])}
    if seen:
        document["facts"] = {path: write_value(schema.fields[path].kind, fact.value) for path, fact in seen.items()}
    try:
        body = canonical_json(document)
    except UnicodeEncodeError:
        message = "the manifest holds half of a character (a lone surrogate), which cannot be sent"
        raise PolicyError(Problem(message, "write the character itself")) from None
    _check_size(body)
    return body


def decode_sent(body: bytes, schema: Schema = SCHEMA) -> Sent:
    """What those bytes say. Raises PolicyError with every problem for what is no run manifest in canonical JSON."""
    _check_size(body)
    document = read_body(body)
    if not isinstance(document, dict) or document.get("format") != RUN_MANIFEST:
        remedy = f'send {{"format": "{RUN_MANIFEST}", "manifest": {{…}}}}, or use the version that wrote it'
        raise PolicyError(Problem(f"what was sent is no {RUN_MANIFEST}", remedy))
    strange = sorted(document.keys() - {"format", "manifest", "facts"})
    if strange:
        message = f"a run manifest has no part {quote_name(strange[0])}"
        raise PolicyError(Problem(message, "its parts are format, manifest and facts"))
    manifest = _read_manifest(document.get("manifest"), schema)
    check_project(manifest.project)
    stated = {claim.path for claim in manifest.claims}
    facts = [fact for fact in _read_facts(document.get("facts", {}), schema) if _counts(fact, stated, schema)]
    return Sent(name_body(body), manifest.project, (*manifest.claims, *facts))


def check_project(project: str) -> None:
    """Raises PolicyError for a name that the ledger does not take, and no project has."""
    if len(project) > LONGEST_NAME:
        message = f"the name of the project has {len(project):,} characters"
        raise PolicyError(Problem(message, f"use a shorter one, of {LONGEST_NAME} at most"))
    if not is_line(project):
        message = f"the name of the project cannot be printed: {quote_name(project, 40)}"
        raise PolicyError(Problem(message, "leave control characters out"))


def decode_for_any(body: bytes, schemas: Iterable[Schema]) -> Sent:
    """The same by the first schema that has a meaning for them. Raises PolicyError as the last that says least."""
    faults = []
    for schema in dict.fromkeys(schemas):
        try:
            return decode_sent(body, schema)
        except PolicyError as error:
            faults.append(error)
    raise min(reversed(faults), key=lambda error: len(error.problems))


def can_tell(field: Field) -> bool:
    """Whether a client can say it of its project: not what only the server knows, or works out."""
    return field.writable or not (field.derived or _OWN_EVIDENCE.issuperset(field.evidence))


def write_value(kind: Kind, value: Any) -> Any:
    """A value as JSON such that the readers of manifests read it again; null for what was looked for in vain."""
    if value is ABSENT:
        return None
    if isinstance(value, Members):
        return [_write_item(kind, item) for item in value.items]
    if isinstance(kind, BooleanKind | NumberKind | IntegerKind):
        return kind.encode(value)
    shown = kind.show(value)
    return shown.replace(" ", "") if isinstance(kind, MoneyKind) and len(shown) > _LONGEST_AMOUNT else shown


def _write_item(kind: Kind, item: Any) -> Any:
    if not isinstance(kind, RecordsKind):
        return write_value(kind.of if isinstance(kind, ListKind) else kind, item)
    kinds = {field.path: field.kind for field in kind.fields}
    return {name: write_value(kinds[name], fact.value) for name, fact in item.items()}


def _check_size(body: bytes) -> None:
    if len(body) > MOST_BYTES:
        message = f"a run manifest has {MOST_BYTES:,} bytes at most, and this one has {len(body):,}"
        raise PolicyError(
            Problem(message, "take out of the manifest what no policy reads, such as long texts and lists")
        )


def _put(said: dict[str, Any], path: str, value: Any) -> None:
    *sections, name = path.split(".")
    for section in sections:
        said = said.setdefault(section, {})
    said[name] = value


def _read_manifest(said: Any, schema: Schema) -> Manifest:
    try:
        manifest = read_manifest(Document(MANIFEST, "", build_node(said)), schema)
    except PolicyError as error:
        raise PolicyError(*_leave_places(error.problems)) from None
    return manifest._replace(claims=tuple(_leave_place(claim) for claim in manifest.claims))


def _read_facts(said: Any, schema: Schema) -> list[Fact]:
    root = build_node(said)
    if not isinstance(root, Mapping):
        raise PolicyError(Problem("the facts that were sent are no mapping of path to value", ANEW))
    problems: list[Problem] = []
    reader = FactReader(schema, CLIENT, problems, dotted=True, only_writable=False, complete=False)
    facts = [_leave_place(fact) for fact in reader.read(root)]
    facts += [Fact(path, ABSENT, source=CLIENT) for path, value in said.items() if value is None]
    problems += [
        Problem(f"`{fact.path}` is not for a client to tell: the server finds it out for itself", "leave it out")
        for fact in facts
        if fact.path not in schema.fields or not can_tell(schema.fields[fact.path])
    ]
    if problems:
        raise PolicyError(*_leave_places(problems))
    return facts


def _counts(fact: Fact, stated: set[str], schema: Schema) -> bool:
    """Whether a fact says something beside the manifest: of sums, what is stated already would count twice."""
    return fact.path not in stated or schema.fields[fact.path].combine != "sum"


def _leave_place(fact: Fact) -> Fact:
    """The fact without its position: the file stays with the client."""
    value = fact.value
    if isinstance(value, Members) and value.items and isinstance(value.items[0], dict):
        items = tuple({name: _leave_place(inner) for name, inner in item.items()} for item in value.items)
        value = value._replace(items=items)
    return fact._replace(value=value, location=None)


def _leave_places(problems: Iterable[Problem]) -> Iterator[Problem]:
    return (problem._replace(location=None) for problem in problems)
