"""The models of the fact schema, and the JSON Schema that editors use, against the reader of manifests."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from policy.errors import PolicyError
from policy.model.fact import Members
from policy.model.fields import SCHEMA
from policy.model.kinds import (
    BOOLEAN,
    LARGEST_INTEGER,
    MONEY,
    STRING,
    UNITS_MS,
    BooleanKind,
    DateKind,
    DurationKind,
    EnumKind,
    IntegerKind,
    Kind,
    ListKind,
    MoneyKind,
    NumberKind,
    RecordsKind,
    enum,
    list_of,
)
from policy.model.manifest import Manifest, read_manifest
from policy.model.manifest_model import manifest_json_schema, manifest_model
from policy.model.schema import Field
from policy.model.value_schemas import describe_field
from tests.building import make_document
from tests.editor import Editor, see

# An organisation's fields: in a section of their own, named like something of pydantic's, with values like numbers.
OWN_FIELDS = (
    Field("x.cost_centre", STRING, "who pays"),
    Field("x.team.size", IntegerKind("integer", ordered=True, low=1), "people"),
    Field("x.team.tags", list_of(STRING), "words"),
    Field("x.schema", enum("1", "true", "none"), "which"),
    Field("x.model_dump", BOOLEAN, "whether"),
    Field("x.price", MONEY, "how much"),
)
EXTENDED = SCHEMA.extended(OWN_FIELDS)
MODEL = manifest_model(EXTENDED)
EDITOR = Editor(manifest_json_schema(EXTENDED))
WRITABLE = [field for field in EXTENDED.fields.values() if field.writable]

# What no JSON Schema can say: a whole number is one however it is written, and a duration's value is not its text.
BLIND = re.compile(r"`-?\d+\.0` is not a whole number|`NaN` is not a number|is not a whole number of milliseconds")


def write_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)


def read(data: Any) -> Manifest:
    return read_manifest(make_document(write_json(data), "ml-manifest.yaml"), EXTENDED)


def find_problems(data: Any) -> list[str]:
    try:
        read(data)
    except PolicyError as error:
        return [problem.message for problem in error.problems]
    return []


def model_accepts(data: Any) -> bool:
    try:
        MODEL.model_validate(data)
    except ValidationError:
        return False
    return True


# Manifests as JSON: mostly right, here and there a value or a key that is not.

CHARACTERS = st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp"], exclude_characters="\ufeff")
TEXTS = st.text(CHARACTERS, min_size=1, max_size=8)
SCALARS: st.SearchStrategy[Any] = TEXTS | st.integers() | st.floats() | st.booleans()
AMOUNTS = st.from_regex(r"[0-9]{1,9}(\.[0-9]{1,3})? ?", fullmatch=True)
ODD: list[Any] = [
    *("", "abc", "rag", "5", "true", "30d", "-0d", "-5d", "0.5ms", "5 parsecs", "2026-02-30", "2026-W01-1", "9 usd"),
    *(True, 0, -1, 5, 5.0, 1.5, 2**53 + 1, 1e300, float("inf"), float("nan")),
    *([], {}, [{}], [None], [[1]], ["rag", 5], {"rows": 5}, [{"rows": -1}], [{"nothing": 1}], None),
]


def values_of(kind: Kind) -> st.SearchStrategy[Any]:
    """Values of a kind as JSON writes them."""
    match kind:
        case RecordsKind():
            return st.lists(st.fixed_dictionaries({}, optional=fields_of(kind.fields)), max_size=3)
        case ListKind():
            return st.lists(values_of(kind.of), max_size=4)
        case EnumKind(choices=choices):
            return st.sampled_from(choices)
        case BooleanKind():
            return st.booleans()
        case IntegerKind(low=low):
            return st.integers(low, LARGEST_INTEGER)
        case NumberKind(low=low, high=high):
            return st.floats(max(low, -1e308), min(high, 1e308)) | st.integers(0, 1)
        case DurationKind():
            return st.builds("{}{}".format, AMOUNTS, st.sampled_from(list(UNITS_MS)))
        case DateKind():
            return st.dates().map(str)
        case MoneyKind():
            return st.builds("{}{}".format, AMOUNTS, st.sampled_from(["USD", "EUR"]))
    return SCALARS


def fields_of(fields: Any) -> dict[str, st.SearchStrategy[Any]]:
    return {field.path: values_of(field.kind) | st.none() for field in fields if field.writable}


@st.composite
def manifests(draw: st.DrawFn, *, faults: int = 0) -> dict[str, Any]:
    """A manifest, with at most so many faults."""
    data: dict[str, Any] = {"manifest": 1, "project": draw(TEXTS)}
    for field in draw(st.lists(st.sampled_from(WRITABLE), max_size=8, unique_by=lambda field: field.path)):
        values = values_of(field.kind)
        put(data, field.path, draw(values if field.path == "project" else values | st.none()))
    for _ in range(faults):
        draw(st.sampled_from([spoil_value, add_key, drop_key, spoil_section]))(draw, data)
    return data


def put(data: dict[str, Any], path: str, value: Any) -> None:
    *sections, name = path.split(".")
    for section in sections:
        if not isinstance(data.get(section), dict):
            data[section] = {}
        data = data[section]
    data[name] = value


def spoil_value(draw: st.DrawFn, data: dict[str, Any]) -> None:
    put(data, draw(st.sampled_from([field.path for field in WRITABLE])), draw(st.sampled_from(ODD)))


def add_key(draw: st.DrawFn, data: dict[str, Any]) -> None:
    unknown = [
        "nothing",
        "data.nothing",
        "datas.rows",
        "x.nothing",
        "approval.by",
        "data.license_terms",
        "run.activity",
    ]
    put(data, draw(st.sampled_from(unknown)), draw(SCALARS))
    if draw(st.booleans()):
        data["data.rows"] = 5  # paths with dots are for cases only


def drop_key(draw: st.DrawFn, data: dict[str, Any]) -> None:
    key = draw(st.sampled_from(["manifest", "project"]))
    spoilt: Any = draw(st.sampled_from([None, "", 2, [1], {}]))
    data.update({key: spoilt}) if draw(st.booleans()) else data.pop(key, None)


def spoil_section(draw: st.DrawFn, data: dict[str, Any]) -> None:
    put(data, draw(st.sampled_from(["owner", "data", "x", "x.team"])), draw(st.sampled_from([None, [], "a", 5, {}])))


@settings(max_examples=300)
@given(manifests())
def test_what_the_reader_accepts_the_model_reads_alike_and_editors_leave_alone(data):
    if problems := find_problems(data):
        assert all("is not a whole number of milliseconds" in problem for problem in problems)
        return
    assert dict(flatten(MODEL.model_validate(data))) == {fact.path: plain(fact.value) for fact in read(data).claims}
    assert EDITOR.underlines(data) == []


def flatten(model: BaseModel, prefix: str = "") -> Any:
    """The facts that a model of a manifest states, by path."""
    for name, info in type(model).model_fields.items():
        value, path = getattr(model, name), prefix + (info.alias or name)
        if isinstance(value, BaseModel):
            yield from flatten(value, f"{path}.")
        elif value is not None and path != "manifest":
            yield path, plain(value)


def plain(value: Any) -> Any:
    """A value of either side without what belongs to it alone: origins, positions, classes, members said twice."""
    if isinstance(value, Members):
        return plain(value.items)
    if type(value) is tuple:
        items = [plain(item) for item in value]
        return [item for index, item in enumerate(items) if isinstance(item, dict) or item not in items[:index]]
    if isinstance(value, BaseModel):
        return dict(flatten(value))
    return {name: fact.value for name, fact in value.items()} if isinstance(value, dict) else value


@settings(max_examples=600)
@given(st.integers(1, 3).flatmap(lambda faults: manifests(faults=faults)))
def test_model_reader_and_editor_refuse_alike(data):
    problems = find_problems(data)
    assert model_accepts(data) == (not problems)
    if problems and EDITOR.accepts(data):
        assert all(BLIND.search(problem) for problem in problems), problems
    if not problems:
        assert EDITOR.underlines(data) == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("model: {revision: 12e4567}", []),
        ("project: 42", []),
        ("training: {config: 2026}", []),
        ("stage:", []),
        ("data:", []),
        ("x: {schema: true, team: {size: 3}}", []),
        ("x: {schema: 1}", []),
        ("data: {change_interval: 30 d}", []),
        ("model: {retires: 2027-01-31}", []),
        ("approach: fine-tunning", ["$.approach"]),
        ("data: {change_interval: 30}", ["$.data.change_interval"]),
        ("data: {change_interval: 30 days}", ["$.data.change_interval"]),
        ("data: {rows: many}", ["$.data.rows"]),
        ("data: {rows: -5}", ["$.data.rows"]),
        ("data: {duplicate_rate: 5}", ["$.data.duplicate_rate"]),
        ("evaluation: {tuned: .inf}", ["$.evaluation.tuned"]),
        ("needs: {citations: yes}", ["$.needs.citations"]),
        ("cost: {run: 200 dollars}", ["$.cost.run"]),
        ("model: {retires: 2027-02-30}", ["$.model.retires"]),
        ("purpose: [style, tone]", ["$.purpose[1]"]),
        ("tried: [{approach: rag, shots: 5}]", ["$.tried[0]"]),
        ("x: {schema: 2}", ["$.x.schema"]),
        ("x: {team: {size: 0}}", ["$.x.team.size"]),
        ("data.rows: 5", ["$"]),
        ("data: {license_terms: [non-commercial]}", ["$.data"]),
        ("run: {activity: data}", ["$"]),
    ],
)
def test_editors_underline_what_is_wrong_and_nothing_else(line, wrong):
    text = f"manifest: 1\n{line}\n" + ("" if line.startswith("project") else "project: p\n")
    assert EDITOR.underlines(see(text)) == wrong
    document = make_document(text)
    if wrong:
        with pytest.raises(PolicyError):
            read_manifest(document, EXTENDED)
    else:
        read_manifest(document, EXTENDED)


@pytest.mark.parametrize(
    "data", [{"manifest": 1}, {"project": "p"}, {"manifest": 1, "project": None}, {"manifest": 2, "project": "p"}]
)
def test_format_and_project_are_needed(data):
    assert not EDITOR.accepts(data)
    assert not model_accepts(data)


def paths_of(schema: dict[str, Any], prefix: str = "") -> Any:
    for name, inner in schema["properties"].items():
        if "properties" in inner:
            yield from paths_of(inner, f"{prefix}{name}.")
        else:
            yield prefix + name, inner.get("description")


def test_every_field_that_can_be_written_is_described_where_it_stands():
    schema = manifest_json_schema(EXTENDED)
    (form, _), *described = paths_of(schema)
    assert form == "manifest"
    assert dict(described) == {field.path: describe_field(field) for field in WRITABLE}
    assert "$ref" not in json.dumps(schema)


def test_a_description_says_what_writes_the_value_and_what_observes_it():
    assert describe_field(SCHEMA.fields["data.change_interval"]) == (
        "typical time between changes of the training data; a duration, such as 30d; observed from: git history"
    )


def test_a_refusal_says_what_to_write():
    with pytest.raises(ValidationError) as caught:
        MODEL.model_validate({"manifest": 1, "project": "p", "approach": "RAG", "data": {"rows": "5"}})
    said = {".".join(map(str, error["loc"])): error["msg"] for error in caught.value.errors()}
    assert said["approach"].startswith("`RAG` is not one of fine-tuning, rag,")
    assert said["data.rows"].endswith("write 5 without quotes")


def test_models_are_frozen_and_built_once():
    model = manifest_model()
    assert model is manifest_model(SCHEMA)
    manifest = model.model_validate({"manifest": 1, "project": "p"})
    with pytest.raises(ValidationError):
        manifest.project = "q"  # type: ignore[attr-defined]


def test_check_never_imports_pydantic(tmp_path):
    (tmp_path / "ml-manifest.yaml").write_text("manifest: 1\nproject: p\napproach: rag\n")
    code = (
        "import sys\nfrom policy.gates.cli.main import main\n"
        "code = main(['check', '-o', 'json', '.'])\n"
        "sys.exit(code or [name for name in sys.modules if name.partition('.')[0].startswith('pydantic')] and 99)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1, 4), done.stderr
