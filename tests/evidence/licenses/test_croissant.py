"""Croissant metadata: JSON-LD that people and tools write."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import Location, Problem
from policy.evidence.licenses.croissant import read_croissant

VERSION = "http://mlcommons.org/croissant/1.0"


@pytest.fixture
def read(tmp_path):
    """What metadata of this content says, and what was wrong with it."""

    def look(content):
        if not isinstance(content, str | bytes):
            content = json.dumps(content, indent=2)
        (tmp_path / "metadata.json").write_bytes(content.encode() if isinstance(content, str) else content)
        problems: list[Problem] = []
        return read_croissant(str(tmp_path), "metadata.json", problems), problems

    return look


def describe(license_, **more):
    return {"@type": "sc:Dataset", "conformsTo": VERSION, "license": license_, **more}


@pytest.mark.parametrize(
    ("license_", "names"),
    [
        ("mit", ["mit"]),
        ("https://creativecommons.org/licenses/by/4.0/", ["cc-by-4.0"]),
        (["https://spdx.org/licenses/MIT"], ["mit"]),
        (["mit", "https://spdx.org/licenses/CC0-1.0"], ["mit", "cc0-1.0"]),
        ({"@type": "CreativeWork", "name": "CC BY 4.0", "url": "https://example.org/terms"}, ["cc-by-4.0"]),
        ({"@type": "CreativeWork", "url": "https://creativecommons.org/licenses/by/4.0/"}, ["cc-by-4.0"]),
        ({"@id": "https://spdx.org/licenses/MIT"}, ["mit"]),
        ([{"name": "House terms"}], ["House terms"]),
        ("https://example.org/terms", ["https://example.org/terms"]),
        ("https://choosealicense.com/licenses/undefined/", []),
        ("unknown", []),
    ],
)
def test_the_licences_that_it_names(read, license_, names):
    found, problems = read(describe(license_))
    assert problems == []
    assert list(found.names) == names
    assert found.license == (names[0] if len(names) == 1 else "")
    assert (found.source, found.kind) == ("Croissant metadata", "dataset")


@pytest.mark.parametrize("license_", [None, "", "  ", [], {}, 7, True, [[["mit"]]], {"url": 5}])
def test_what_names_no_licence_says_nothing(read, license_):
    assert read(describe(license_)) == (None, [])


@pytest.mark.parametrize(
    "about",
    [
        {"@type": "Dataset"},
        {"@type": ["https://schema.org/Dataset", "dcat:Dataset"]},
        {"conformsTo": "http://mlcommons.org/croissant/1.1"},
        {"conformsTo": ["http://mlcommons.org/croissant/RAI/1.0", VERSION]},
        {"conformsTo": {"@id": VERSION}},
        {"conformsTo": None, "dct:conformsTo": VERSION},
        {"conformsTo": None, "@context": {"ml": "http://mlcommons.org/schema/"}},
    ],
)
def test_what_croissant_metadata_looks_like(read, about):
    assert read(describe("mit", **about))[0].license == "mit"


@pytest.mark.parametrize(
    "about",
    [
        {"@type": "sc:SoftwareSourceCode"},
        {"@type": None},
        {"conformsTo": "http://example.org/mlcommons.org/croissant/"},
        {"conformsTo": "http://mlcommons.org/other"},
        {"conformsTo": None, "@context": "https://mlcommons.org/"},
        {"conformsTo": None, "description": "not for mlcommons.org"},
    ],
)
def test_what_is_something_else(read, about):
    assert read(describe("mit", **about)) == (None, [])


def test_the_licence_of_the_metadata_is_not_that_of_the_data(read):
    assert read({"@type": "Dataset", "conformsTo": VERSION, "sdLicense": "mit"}) == (None, [])


def test_the_place_is_that_of_the_value(read):
    text = (
        '{"@context": {"license": "sc:license", "x": ["license", {"license": "gpl"}]},\n'
        f' "description": "says \\"license\\": \\"mit\\"", "conformsTo": "{VERSION}", "@type": "Dataset",\n'
        '  "lic\\u0065nse" : [ "mit",\n    "isc"]}'
    )
    found, _ = read(text)
    assert found.licenses == (("mit", Location("metadata.json", 3, 22)), ("isc", Location("metadata.json", 4, 5)))
    assert read("\ufeff" + text)[0].licenses == found.licenses


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (f'{{"conformsTo": "{VERSION}",', "it is not JSON: "),
        (f'{{"conformsTo": "{VERSION}", "license": "mit", "license": "isc"}}', "the key `license` is given twice"),
        (
            f'{{"conformsTo": "{VERSION}", "a": {{"\\u001b[31m": 1, "\\u001b[31m": 2}}}}',
            "the key `␛[31m` is given twice",
        ),
        ('{"a": "mlcommons.org", "x": ' + "[" * 100_000 + "]" * 100_000 + "}", "its lists and mappings are nested too"),
        (b'{"conformsTo": "mlcommons.org\xff"}', "it is not UTF-8 text"),
    ],
)
def test_what_is_broken_is_a_warning(read, content, fault):
    found, (problem,) = read(content)
    assert found is None
    assert problem.message.startswith(f"this description of data cannot be read: {fault}")
    assert (problem.level, problem.location.file) == ("warning", "metadata.json")


@pytest.mark.parametrize("content", ['{"a": 1', "[]", "", "mlcommons", b"\xff\xfe\x00", "{" * 1000])
def test_what_does_not_speak_of_the_format_is_nobodys_matter(read, content):
    assert read(content) == (None, [])


def test_a_document_200_levels_deep_is_read(read):
    deep: object = "x"
    for _ in range(200):
        deep = {"@graph": [deep]}
    found, problems = read({"a": deep, **describe("mit")})
    assert (found.license, problems) == ("mit", [])


def test_a_context_at_an_address_is_not_fetched(read, monkeypatch):
    def refuse(*_):
        raise AssertionError("nothing is fetched")

    monkeypatch.setattr("socket.socket.connect", refuse)
    found, _ = read(describe("mit", **{"@context": "https://mlcommons.org/croissant/context.json"}))
    assert found.license == "mit"


def test_metadata_that_is_too_large_is_a_warning(read):
    found, (problem,) = read(describe("mit", rows="x" * (4 << 20)))
    assert found is None
    assert "larger than 4,194,304 bytes" in problem.message
    # Such a file of other data may well be that large.
    assert read({"rows": "x" * (4 << 20)}) == (None, [])


def test_a_name_that_steers_a_terminal_is_not_shown(read):
    found, (problem,) = read(describe("\x1b]0;owned\x07mit"))
    assert (found.license, found.names) == ("", ())
    assert problem.message == "the licence here is no name: it holds characters that cannot be seen"
    assert read(describe("\ud800"))[1][0].message == problem.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(JSON, JSON)
def test_nothing_breaks_it(tmp_path_factory, license_, other):
    folder = tmp_path_factory.mktemp("croissant", numbered=True)
    (folder / "croissant.json").write_text(json.dumps(describe(license_, other=other)))
    problems: list[Problem] = []
    found = read_croissant(str(folder), "croissant.json", problems)
    assert found is None or found.licenses or found.silent
    assert all(problem.level == "warning" for problem in problems)


# By the files themselves, looked at by hand: `Public` is no identifier, and the last one's address ends in undefined.
KNOWN = {
    "0.8/movielens": None,
    "0.8/audio_test": None,
    "0.8/wiki-text": "cc-by-sa-3.0",
    "1.0/credit-g": "Public",
    "1.0/huggingface-c4": "odc-by",
    "1.0/huggingface-prism-alignment": "mit",
    "1.0/json-join": "cc-by-4.0",
    "1.0/simple-split": "cc-by-4.0",
    "1.1/huggingface-baratilab-flow3d": None,
    "1.1/huggingface-recipe_RL_data_roberta-base": "",
}


def test_the_metadata_of_other_people(corpus):
    folder = corpus / "croissant" / "datasets"
    problems: list[Problem] = []
    found = {
        file.parent.relative_to(folder).as_posix(): read_croissant(
            str(folder), file.relative_to(folder).as_posix(), problems
        )
        for file in folder.glob("*/*/metadata.json")
    }
    assert {name: one and one.license for name, one in found.items()} == KNOWN
    assert problems == []
