"""Cards of data sets and models: whatever stands in a README.md."""

from __future__ import annotations

import os
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import Location, Problem
from policy.evidence.licenses.cards import read_card
from policy.evidence.licenses.names import is_name


@pytest.fixture
def read(tmp_path):
    """The card in a README.md of this content, and what was wrong with it."""

    def look(content: str | bytes):
        (tmp_path / "README.md").write_bytes(content.encode() if isinstance(content, str) else content)
        problems: list[Problem] = []
        return read_card(str(tmp_path), "README.md", problems), problems

    return look


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("license: cc-by-4.0", ["cc-by-4.0"]),
        ("license: 'cc-by-4.0'", ["cc-by-4.0"]),
        ("license:\n- cc-by-4.0", ["cc-by-4.0"]),
        ("licenses: [mit, apache-2.0]", ["mit", "apache-2.0"]),
        ("license: {small: [mit], large: cc0-1.0}", ["mit", "cc0-1.0"]),
        ("license: other\nlicense_name: house-licence", ["house-licence"]),
        ("license: other\nlicense_name: house-licence\nlicense_link: https://spdx.org/licenses/MIT", ["house-licence"]),
        ("license: other\nlicense_link: https://creativecommons.org/licenses/by-nc/4.0/", ["cc-by-nc-4.0"]),
        ("license: other\nlicense_link: LICENSE", []),
        ("license: other\nlicense_name: unknown", []),
        ("license: MIT License", ["mit"]),
        ("license: CC-BY-4.0", ["CC-BY-4.0"]),
        ("license: MIT OR Apache-2.0", ["MIT OR Apache-2.0"]),
        ("license: https://spdx.org/licenses/MIT.html", ["mit"]),
        ("license: other", []),
        ("license: unknown", []),
        ("license: Unknown", []),
        ("license:", []),
        ("license: ~", []),
        ("license: []", []),
        ("license: [[mit]]", ["mit"]),
        ("license_name: alone", []),
        # A truth value to other readers, and a name here.
        ("license: no", ["no"]),
    ],
)
def test_the_licences_in_a_header(read, header, names):
    card, problems = read(f"---\n{header}\n---\n# Data\n")
    assert [name for name, _ in card.licenses] == names
    assert card.license == (names[0] if len(names) == 1 else "")
    assert problems == []


def test_a_licence_named_twice_is_one(read):
    card, _ = read("---\nlicense: mit\nlicenses: [mit]\n---\n")
    assert (len(card.licenses), card.license) == (2, "mit")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("license: unknown", ["unknown"]),
        ("license: [other]", ["other"]),
        ("license: NOASSERTION", ["NOASSERTION"]),
        ("license: {small: mit, large: unknown}", ["unknown"]),
        ("license:", []),
        ("license: ''", []),
    ],
)
def test_the_words_that_name_none(read, header, words):
    card, problems = read(f"---\n{header}\n---\n")
    assert [word for word, _ in card.silent] == words
    assert (card.license, problems) == ("", [])


def test_a_licence_beside_another_that_is_not_known_is_not_the_licence(read):
    card, _ = read("---\nlicense: [mit, other]\n---\n")
    assert (card.names, card.license, card.is_divided) == (("mit",), "", True)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("x" * 201, "it has 201 characters, and a name has at most 200"),
        ("x" * 900_000, "it has 900,000 characters, and a name has at most 200"),
        ('"\\e[31mmit"', "it holds characters that cannot be seen"),
        ('"mit\\u202Ecc"', "it holds characters that cannot be seen"),
        ('"mit\\u0000"', "it holds characters that cannot be seen"),
        ("|\n  MIT License\n\n  Copyright", "it holds characters that cannot be seen"),
    ],
)
def test_what_cannot_be_a_name_is_noted_and_not_shown(read, name, fault):
    card, (problem,) = read(f"---\nlicense: {name}\n---\n")
    assert (card.licenses, card.license) == ((), "")
    assert problem.message == f"the licence here is no name: {fault}"
    assert (problem.level, problem.location) == ("warning", Location("README.md", 2, 10))


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_positions_are_those_of_the_file(read, start, end):
    card, _ = read(start + end.join(["---", "pretty_name: Tickets", "license:", "- mit", "---", "text"]))
    assert card.licenses == (("mit", Location("README.md", 4, 3, 4, 6)),)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("task_ids: [qa]", "dataset"),
        ("configs: []", "dataset"),
        ("base_model: org/model", "model"),
        ("pipeline_tag: text-generation\nconfigs: []", "model"),
        ("tags: [a]", ""),
    ],
)
def test_the_kind_of_a_card(read, header, kind):
    card, _ = read(f"---\nlicense: mit\n{header}\n---\n")
    assert card.kind == kind


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# license: mit\n",
        "---\nlicense: mit\n",  # never closed
        "text\n---\nlicense: mit\n---\n",
        "---\ntitle: Data\n---\nlicense: mit\n",
        "---\nlicense: mit\n----\n",
        "---\n- license\n---\n",
        "---\nthe license is mit\n---\n",
        b"\xff\xfe-\x00-\x00-\x00",
        b"PK\x03\x04license",
    ],
)
def test_what_is_no_card(read, content):
    assert read(content) == (None, [])


@pytest.mark.parametrize(
    "header",
    ["license: [mit", "license: mit\nlicense: apache-2.0", "license: &a [*a]", "license: !!python/object:os.system x"],
)
def test_a_broken_header_is_a_warning_with_its_place(read, header):
    card, (problem,) = read(f"---\n{header}\n---\n")
    assert card is None
    assert problem.level == "warning"
    assert problem.message.startswith("the header of this card cannot be read: ")
    assert problem.location.file == "README.md"
    assert problem.location.line in (2, 3)


def test_a_header_of_another_encoding_is_a_warning(read):
    card, (problem,) = read(b"---\nlicense: mit\nauthor: Andr\xe9\n---\n")
    assert card is None
    assert "not UTF-8" in problem.message


def test_it_bears_the_digest_of_the_whole_file(read):
    content = "---\nlicense: mit\n---\n# Data\n"
    card, _ = read(content)
    assert (card.digest, card.source) == (sha256(content.encode()).hexdigest(), "dataset card")


def test_the_text_below_may_be_of_any_encoding(read):
    card, problems = read(b"---\nlicense: mit\n---\nAndr\xe9 \x00")
    assert (card.license, problems) == ("mit", [])


def test_a_bomb_costs_nothing(read):
    layers = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))
    card, (problem,) = read(f"---\nlicense: mit\na0: &a0 [x]\n{layers}\n---\n")
    assert card is None
    assert problem.level == "warning"


def test_a_card_that_is_too_large_is_a_warning(read):
    card, (problem,) = read("---\nlicense: mit\n---\n" + "x" * (1 << 20))
    assert card is None
    assert problem.message.endswith("is not known: the file is larger than 1,048,576 bytes")
    # A long README that is no card is nobody's matter.
    assert read("# Data\n" + "x" * (1 << 20)) == (None, [])


def test_a_sparse_file_of_100_megabytes_costs_nothing(tmp_path):
    with (tmp_path / "README.md").open("wb") as stream:
        stream.write(b"---\nlicense: mit\n---\n")
        stream.truncate(100 << 20)
    problems: list[Problem] = []
    assert read_card(str(tmp_path), "README.md", problems) is None
    assert len(problems) == 1


def test_what_is_not_there_is_no_card(tmp_path):
    problems: list[Problem] = []
    assert read_card(str(tmp_path), "README.md", problems) is None
    assert problems == []


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
def test_what_is_no_file_of_the_repository_is_a_warning(tmp_path, kind):
    (tmp_path / "outside.md").write_text("---\nlicense: mit\n---\n")
    root = tmp_path / "root"
    root.mkdir()
    match kind:
        case "folder":
            (root / "README.md").mkdir()
        case "pipe":
            os.mkfifo(root / "README.md")
        case "link":
            (root / "README.md").symlink_to("../outside.md")
    problems: list[Problem] = []
    assert read_card(str(root), "README.md", problems) is None
    (problem,) = problems
    assert problem.level == "warning"
    assert problem.message.startswith("what `README.md` says of licences is not known: ")


@given(st.binary(max_size=200))
def test_nothing_breaks_it(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("card", numbered=True)
    (folder / "README.md").write_bytes(b"---\nlicense: " + data + b"\n---\n")
    problems: list[Problem] = []
    card = read_card(str(folder), "README.md", problems)
    assert card is None or all(is_name(name) for name in card.names)
    assert all(problem.level == "warning" for problem in problems)


def test_the_cards_of_other_people(corpus):
    cards = {}
    for folder in sorted((corpus / "dataset-cards" / "datasets").iterdir()):
        problems: list[Problem] = []
        cards[folder.name] = read_card(str(folder), "README.md", problems)
        assert problems == []
    read = [card for card in cards.values() if card is not None]
    assert len(read) > 50
    assert not [card for card in read if card.kind == "model"]
    assert {"cc-by-4.0", "cc0-1.0", "mit", "apache-2.0"} <= {card.license for card in read}
