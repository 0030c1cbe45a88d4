"""A manifest that cannot be read: said with its place and a remedy, while the project beside it is judged."""

from __future__ import annotations

import pytest

NAMED = "manifest: 1\nproject: bad\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{earlier}'] * 9)}]\n"
    for earlier, name in zip("abcdefgh", "bcdefghi", strict=True)
)

BROKEN = {
    "empty": (b"", "1:1: the file is empty", "write its content"),
    "comment": (b"# later\n", "1:1: the file is empty", "write its content"),
    "list": (b"- a\n", "1:1: the manifest is not a mapping of fields", "start with `manifest: 1`"),
    "text": (b"hello\n", "1:1: the manifest is not a mapping of fields", "start with `manifest: 1`"),
    "binary": (bytes(range(256)) * 20, "1:1: the file is binary, not text", "name a text file"),
    "utf-16": (
        NAMED.encode("utf-16"),
        "1:1: the file is encoded as UTF-16, and only UTF-8 is read",
        "save the file as UTF-8",
    ),
    "latin-1": (
        f"{NAMED}owner: {{team: é}}\n".encode("latin-1"),
        "3:15: the file is not UTF-8: the byte 0xE9 is not part of a character",
        "save the file as UTF-8",
    ),
    "tab": (f"{NAMED}owner:\n\tteam: a\n".encode(), "4:1: a tab is used for indentation", "use spaces"),
    "brackets": (
        f"{NAMED}purpose: {'[' * 100_000}\n".encode(),
        "3:49: lists and mappings are nested more than 40 levels deep",
        "make the document flatter",
    ),
    "aliases": (
        (NAMED + BOMB).encode(),
        "8:8: the document holds more than 100,000 values, aliases written out",
        "split the file, or use fewer aliases",
    ),
    "two documents": (
        f"{NAMED}---\n{NAMED}".encode(),
        "3:1: a second document starts here, and the file may hold only one",
        "remove the line `---`, or split the file",
    ),
    "constructor": (
        f'{NAMED}purpose: !!python/object/apply:os.system ["touch pwned"]\n'.encode(),
        "3:10: the tag `!!python/object/apply:os.system` is not supported",
        "remove the tag; put quotes around a value that starts with `!`",
    ),
    "format": (
        b"manifest: 2\nproject: bad\n",
        "1:11: the manifest's format is `2`; this version reads format 1",
        "write `manifest: 1`",
    ),
    "no format": (b"project: bad\n", "1:1: the manifest does not say its format", "add the line `manifest: 1`"),
    "no name": (b"manifest: 1\n", "1:1: the manifest names no project", "add `project: NAME`"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_problem_with_its_place_and_remedy(name, beside_good, tmp_path):
    content, message, remedy = BROKEN[name]
    result = beside_good({"ml-manifest.yaml": content})
    assert result.headlines == [f"error: bad/ml-manifest.yaml:{message}"]
    assert result.helps == [remedy]
    assert result.code == 2
    assert result.out.splitlines()[-1].startswith("1 allowed · ")
    assert result.out.endswith(" · 1 problem with the input (on standard error)\n")
    assert not (tmp_path / "pwned").exists()


def test_a_file_of_50_megabytes_is_not_read_to_its_end(beside_good, tmp_path):
    (tmp_path / "bad").mkdir()
    with (tmp_path / "bad/ml-manifest.yaml").open("wb") as file:
        file.write(b"manifest: 1\nproject: bad\n#")
        file.truncate(50 * 1024**2)
    result = beside_good({})
    assert result.headlines == ["error: bad/ml-manifest.yaml:1:1: the file is larger than 1,048,576 bytes"]
    assert result.helps == ["split the file, or take out what does not belong in it"]
    assert result.code == 2


def test_a_key_given_twice_is_shown_in_both_places(beside_good):
    result = beside_good({"ml-manifest.yaml": f"{NAMED}stage: pilot\nowner: {{team: a}}\nstage: production\n"})
    assert result.err.splitlines() == [
        "error: bad/ml-manifest.yaml:5:1: the key `stage` is given twice",
        " 5 | stage: production",
        "   | ^^^^^",
        "  note: first given here: bad/ml-manifest.yaml:3:1",
        "  help: keep one of them",
    ]
    assert result.code == 2


def test_every_bad_manifest_is_reported_not_the_first(plant, policy):
    plant({f"{name}/ml-manifest.yaml": "- a\n" for name in "abc"})
    result = policy("check")
    assert [line.split(":")[1].strip() for line in result.headlines] == [f"{name}/ml-manifest.yaml" for name in "abc"]
    assert result.out == "nothing was judged · 3 problems with the input (on standard error)\n"
    assert result.code == 2


def test_bad_input_outranks_a_blocked_project(plant, policy):
    plant({"a/ml-manifest.yaml": f"{NAMED}approach: fine-tuning\n", "b/ml-manifest.yaml": ""})
    result = policy("check")
    assert "block  bad" in result.out
    assert result.code == 2


def test_an_empty_folder_is_no_pass(policy):
    result = policy("check")
    assert result.err.splitlines() == [
        "error: there is nothing to judge in .: no ml-manifest.yaml, and nothing that trains",
        "  help: `policy init` drafts an ml-manifest.yaml; or name the folder that holds one",
    ]
    assert result.code == 3
