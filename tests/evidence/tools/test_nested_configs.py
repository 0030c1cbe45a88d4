from __future__ import annotations

import pytest

from policy.evidence.tools.nested_configs import NestedReading, expand, find_section
from policy.evidence.tools.readers import RepositoryContext
from policy.source.node import Mapping
from policy.source.yaml_reader import read_yaml

CONFIG = """\
name: tickets
epochs: 3
folder: /out/${name}
deep: {folder: "${folder}/x", list: [a]}
circle: ${round}
round: ${circle}
double: ${big}${big}
big: ${large}${large}
large: ${wide}${wide}
wide: ${long}${long}
long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
count: ${epochs}
steps: ${oc.env:STEPS}
"""


@pytest.fixture
def reading():
    document = read_yaml(CONFIG.encode(), "a.yaml")
    assert isinstance(document.root, Mapping)
    return NestedReading("tool", document.root, document, RepositoryContext("."))


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain", "plain"),
        ("${name}", "tickets"),
        ("a/${name}/${epochs}/b", "a/tickets/3/b"),
        ("${deep.folder}", "/out/tickets/x"),
        ("${recipes.name}", "tickets"),
        ("${oc.select:recipes.name}", "tickets"),
        ("${oc.select:recipes.nobody,8}", "8"),
        ("${oc.select:name,8}", "tickets"),
        ("${nobody}", None),
        ("${deep}", None),
        ("${deep.list}", None),
        ("${name.below}", None),
        ("${circle}", None),
        ("${oc.env:HOME}", None),
        ("${.name}", None),
        ("${", None),
        ("${?}", None),
        ("a${b", None),
    ],
)
def test_references_are_followed_inside_the_config(reading, text, expanded):
    assert expand(reading.root, text) == expanded


def test_references_that_multiply_are_given_up(reading):
    assert expand(reading.root, "${double}") is None
    assert expand(reading.root, "${name}" * 100_000) is None


def test_a_value_is_read_where_its_reference_stands(reading):
    found = reading.integer("count")
    assert (found.value, found.node.line) == (3, 12)


def test_a_reference_that_leads_elsewhere_is_open_and_no_fault(reading):
    assert reading.integer("steps").is_unreadable
    assert reading.problems == []


def test_sections_that_are_not_there_are_empty(reading):
    assert find_section(reading.root, "deep").get("folder")
    assert find_section(reading.root, "deep", "folder", "x").entries == {}
    assert find_section(reading.root, "nobody").get("a") is None
