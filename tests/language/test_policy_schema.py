"""The JSON Schema of policies: editors accept what the reader accepts, and underline what is misspelt."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.errors import PolicyError
from policy.language import cases, policies
from policy.language.condition_schema import ABOUT
from policy.language.policies import read_policy
from policy.language.policy_schema import policy_json_schema
from policy.language.vocabulary import COMBINATORS, QUANTIFIERS, TESTS
from policy.model.fields import SCHEMA
from policy.model.kinds import COUNT, enum
from policy.model.schema import Field
from tests import strategies
from tests.building import make_document
from tests.editor import Editor, see, see_node
from tests.language.test_conformance import ABOUT_FACTS, ABOUT_POLICY, JUDGED, REFUSED, Entry, read_entry, select

CATALOGUE = Path(__file__).resolve().parent.parent.parent / "policies"
FILES = sorted(CATALOGUE.glob("**/*.yaml"))
SCHEMA_OF_POLICIES = policy_json_schema()
EDITOR = Editor(SCHEMA_OF_POLICIES)
OWN = SCHEMA.extended((Field("x.team_size", COUNT, "people"), Field("x.tier", enum("gold", "1"), "which tier")))

# What no JSON Schema can say: what a pattern or a parameter means, how deep conditions go, and what stood in the source
# where YAML 1.2 reads it as something else.
BLIND = re.compile(
    r"pattern|this class|a repeat|`[{^$]`|\bparameter|^`p`|deeper than"
    r"|whole number of (milliseconds|days)|`(True|0x10|0o17)`"
)
FRAME = "policy: a\ntitle: A\nseverity: low\neffect: flag\n"


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_no_policy_of_the_catalogue_is_underlined(file):
    assert EDITOR.underlines(see(file.read_text(encoding="utf-8"))) == []


def see_entry(entry: Entry) -> Any:
    """The policy that a case of the conformance corpus is about, with the case."""
    policy = see_node(select(entry, ABOUT_POLICY, policy="case", title="A case", severity="low", effect="flag"))
    return policy | {"cases": [see_node(select(entry, ABOUT_FACTS, expect="pass"))]}


@pytest.mark.parametrize("entry", JUDGED, ids=[entry.id for entry in JUDGED])
def test_what_the_corpus_judges_is_not_underlined(entry):
    assert EDITOR.underlines(see_entry(entry)) == []


@pytest.mark.parametrize("entry", REFUSED, ids=[entry.id for entry in REFUSED])
def test_what_the_corpus_refuses_is_underlined_where_a_schema_can_tell(entry):
    with pytest.raises(PolicyError) as caught:
        read_entry(entry)
    blind = all(BLIND.search(problem.message) for problem in caught.value.problems)
    assert blind or not EDITOR.accepts(see_entry(entry))


@settings(max_examples=200)
@given(strategies.policies())
def test_no_generated_policy_is_underlined(policy):
    assert EDITOR.underlines(see(strategies.print_policy(policy))) == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("require: {aproach: rag}", ["$.require"]),
        ("require: {data.rows: {atleast: 5}}", ["$.require['data.rows']"]),
        ("require: {approach: rga}", ["$.require.approach"]),
        ("require: {approach: [rag, rga]}", ["$.require.approach", "$.require.approach[1]"]),
        ("require: {data.rows: {at_least: 30d}}", ["$.require['data.rows']", "$.require['data.rows'].at_least"]),
        ("require: {approach: {at_least: rag}}", ["$.require.approach"]),
        ("require: {purpose: style}", ["$.require.purpose"]),
        ("require: {tried: {sum: {approach: rag}}}", ["$.require.tried"]),
        ("require: {tried: {count: {where: {approach: rag}}}}", ["$.require.tried.count"]),
        ("require: {tried: {some: {data.rows: 5}}}", ["$.require.tried.some"]),
        ("require: {not: {any: [{tried: {some: {scor: 5}}}]}}", ["$.require.not.any[0].tried.some"]),
        ("require: {present: [data.rows, data.rowz]}", ["$.require.present", "$.require.present[1]"]),
        ("whne: {approach: rag}\nrequire: {approach: rag}", ["$"]),
        ("require: {approach: rag}\non_unknown: blok", ["$.on_unknown"]),
        ("require: {approach: rag}\ninstead: [rga]", ["$.instead[0]"]),
        ("require: {approach: rag}\nobserved: data.rowz", ["$.observed"]),
        ("require: {approach: rag}\nparams: {Limit: {default: 5}}", ["$.params"]),
        ("require: {approach: rag}\nparams: {limit: {defualt: 5}}", ["$.params.limit"]),
        ("require: {approach: rag}\ncases: [{given: {aproach: rag}, expect: pass}]", ["$.cases[0].given"]),
        ("require: {approach: rag}\ncases: [{given: {data: {rowz: 5}}, expect: pass}]", ["$.cases[0].given.data"]),
        ("require: {approach: rag}\ncases: [{given: {run.activity: data}, expect: pass}]", ["$.cases[0].given"]),
        ("require: {approach: rag}\ncases: [{given: {approach: rag}, expect: pas}]", ["$.cases[0].expect"]),
        ("require: {approach: rag}\ncases: [{given: {approach: rag}}]", ["$.cases[0]"]),
        ("title: A", ["$"]),
    ],
)
def test_what_is_misspelt_is_underlined(line, wrong):
    text = line + "\n" + "".join(row + "\n" for row in FRAME.splitlines() if not line.startswith(row))
    with pytest.raises(PolicyError):
        read_policy(make_document(text))
    found = EDITOR.underlines(see(text))
    assert set(wrong) <= set(found), found


def list_keys(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every key that the language knows: not the names of parameters and frameworks."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if path not in (("params",), ("controls",)) and path[-1:] != ("params",):
                yield (*path, key)
            yield from list_keys(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from list_keys(inner, (*path, index))


def rename(value: Any, path: tuple[Any, ...], name: str) -> Any:
    """The value with the key at the path renamed."""
    changed = copy.deepcopy(value)
    holder = changed
    for part in path[:-1]:
        holder = holder[part]
    holder[name] = holder.pop(path[-1])
    return changed


@settings(max_examples=200)
@given(st.sampled_from(FILES), st.data())
def test_every_misspelt_key_of_the_catalogue_is_underlined(file, data):
    policy = see(file.read_text(encoding="utf-8"))
    path = data.draw(st.sampled_from(list(list_keys(policy))))
    assert not EDITOR.accepts(rename(policy, path, f"{path[-1]}z"))


def test_every_key_and_every_word_is_described():
    assert list(SCHEMA_OF_POLICIES["properties"]) == list(policies.KEYS)
    case = SCHEMA_OF_POLICIES["definitions"]["case"]["properties"]
    assert case.keys() == set(cases.KEYS)
    assert all(part["description"] for part in (*SCHEMA_OF_POLICIES["properties"].values(), *case.values()))
    assert ABOUT.keys() >= {*COMBINATORS, *QUANTIFIERS, *TESTS}


def test_every_field_is_described_in_conditions():
    condition = SCHEMA_OF_POLICIES["definitions"]["condition"]["properties"]
    assert condition.keys() == {*SCHEMA.fields, *COMBINATORS, "present", "cel"}
    assert all(SCHEMA.fields[path].about in condition[path]["description"] for path in SCHEMA.fields)


def test_an_organisations_fields_are_known():
    text = FRAME + "require: {x.tier: [gold, 1], x.team_size: {at_least: {field: data.rows}}}\n"
    text += "cases: [{given: {x: {tier: gold}, x.team_size: 5}, expect: unknown}]\n"
    assert Editor(policy_json_schema(OWN)).underlines(see(text)) == []
    assert EDITOR.underlines(see(text)) == ["$.cases[0].given", "$.require"]
