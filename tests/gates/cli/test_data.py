"""`policy data validate`, through the real command line."""

from __future__ import annotations

import json
import os

import pytest

ROW = {"messages": [{"role": "user", "content": "Jane Doe"}, {"role": "assistant", "content": "555-0199"}]}
LINE = json.dumps(ROW)
SOUND = "".join(LINE.replace("Jane", f"Jane {number}") + "\n" for number in range(12))
MISTAKE = LINE.replace('"user"', '"usr"')


@pytest.fixture
def validate(call, plant):
    """Validate a file of this content, with further arguments; `{}` in them is no format."""

    def run(content, arguments="--provider openai"):
        plant({"train.jsonl": content})
        return call(f"data validate train.jsonl {arguments}")

    return run


def test_a_sound_file_is_valid_without_a_manifest_or_a_policy_set(validate):
    result = validate(SOUND)
    assert result.code == 0
    assert result.err == ""
    assert result.out.startswith("train.jsonl: valid as a chat file for OpenAI: 12 rows, no errors, no warnings\n")
    assert "by default OpenAI would train 8 epochs" in result.out


def test_a_violation_is_shown_at_its_place_with_its_remedy_and_without_a_value(validate):
    result = validate(SOUND + MISTAKE + "\n")
    assert result.code == 1
    assert result.out.split("\n\n")[0] == (
        "error: train.jsonl:13:16: `messages[0].role` is not one of system, user, assistant, tool, developer\n"
        '    | {"messages": [{"role": …, …}, …]}\n'
        "    |                ^^^^^^\n"
        "  help: write `user`"
    )
    assert "train.jsonl: not valid as a chat file for OpenAI: 13 rows, 1 error (role 1), no warnings" in result.out
    assert "Jane" not in result.out
    assert "555" not in result.out


@pytest.mark.parametrize("line", ['{"messages": [{"role": "Jane", 555', "Jane 555", '"Jane 555"', '[{"Jane": 555}]'])
def test_a_broken_line_is_not_quoted(validate, line):
    result = validate(SOUND + line + "\n")
    assert result.code == 1
    assert "train.jsonl:13:" in result.out
    assert "Jane" not in result.out
    assert "555" not in result.out


def test_all_are_counted_and_a_hundred_shown(validate):
    result = validate("{}\n" * 250)
    assert result.out.count("the row is an empty object") == 100
    assert "250 errors (empty-row 250), no warnings, 150 of them not shown" in result.out


def test_json_follows_its_contract(validate):
    result = validate(SOUND + MISTAKE + "\n", "--provider azure -o json")
    assert result.code == 1
    document = json.loads(result.out)
    (file,) = document.pop("files")
    assert document == {"format": "policy-job-file/1", "valid": False}
    mark, role = file.pop("violations")
    assert (mark["rule"], mark["level"]) == ("byte-order-mark", "warning")
    assert role == {
        "rule": "role",
        "level": "error",
        "line": 13,
        "column": 16,
        "path": ["messages", 0, "role"],
        "message": "`messages[0].role` is not one of system, user, assistant, tool, developer",
        "remedy": "write `user`",
        "related": [],
    }
    assert len(file.pop("sha256")) == 64
    assert file == {
        "file": "train.jsonl",
        "purpose": "training",
        "provider": "azure",
        "kind": "chat",
        "valid": False,
        "rows": 13,
        "bytes": len(SOUND + MISTAKE) + 1,
        "errors": {"role": 1},
        "warnings": {"byte-order-mark": 1},
        "unread": [],
        "notes": ["improvements are seen from 50 examples on"],
    }


def test_a_row_that_is_in_both_files_is_found(validate, plant):
    plant({"val.jsonl": LINE.replace("Jane", "Jane 3") + "\n"})
    result = validate(SOUND, "--provider openai --validation val.jsonl")
    assert result.code == 1
    assert "train.jsonl:4:1: the row is in the validation file too" in result.out
    assert "note: the same row for validation: val.jsonl:1:1" in result.out
    assert "val.jsonl: valid as a chat file" in result.out


def test_a_broken_validation_file_is_no_better(validate, plant):
    plant({"val.jsonl": MISTAKE})
    result = validate(SOUND, "--provider openai --validation val.jsonl -o json")
    document = json.loads(result.out)
    assert result.code == 1
    assert [(file["purpose"], file["valid"]) for file in document["files"]] == [
        ("training", True),
        ("validation", False),
    ]
    assert document["valid"] is False


def test_a_file_does_not_validate_itself(validate, plant, tmp_path):
    plant({"val.jsonl": SOUND})
    (tmp_path / "link.jsonl").symlink_to("train.jsonl")
    for name in ("train.jsonl", "./train.jsonl", "link.jsonl"):
        result = validate(SOUND, f"--provider openai --validation {name}")
        assert result.code == 2
        assert "both for training and for validation" in result.err


def test_the_kind_can_be_named(validate):
    result = validate(SOUND, "--provider openai --kind preference")
    assert result.code == 1
    assert "12 errors (other-kind 12)" in result.out


def test_a_file_that_is_not_read_in_full_is_not_called_valid(validate):
    result = validate(SOUND + LINE.replace("555", "5" * 9 * 1024 * 1024) + "\n")
    assert result.code == 2
    assert "train.jsonl: not judged in full as a chat file" in result.out
    assert "not read: line 13 is longer than 8 MiB" in result.out
    result = validate("version https://git-lfs.github.com/spec/v1\n", "--provider openai -o json")
    assert result.code == 2
    assert json.loads(result.out)["valid"] is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("data validate missing.jsonl --provider openai", "missing.jsonl:1:1: the file does not exist"),
        ("data validate folder --provider openai", "folder:1:1: the file cannot be read: this is not a regular file"),
        ("data validate pipe --provider openai", "pipe:1:1: the file cannot be read: this is not a regular file"),
        ("data validate pipe/x --provider openai", "cannot be read"),
        ("data validate --provider openai", "`policy data validate` needs"),
        ("data validate train.jsonl", "`policy data validate` needs"),
        ("data validate train.jsonl --provider opena", "write `openai`"),
        ("data validate train.jsonl --provider openai --kind chats", "write `chat`"),
        ("data validat train.jsonl", "write `data validate`"),
    ],
)
def test_what_cannot_be_done_is_said_and_is_2(call, tmp_path, line, said):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    result = call(line)
    assert result.code == 2
    assert said in result.err
    assert result.out == ""


def test_a_name_that_steers_a_terminal_does_not(call, tmp_path):
    (tmp_path / "a\x1b[31m.jsonl").write_text(SOUND + MISTAKE)
    result = call("data validate a\x1b[31m.jsonl --provider openai")
    assert result.code == 1
    assert "\x1b" not in result.out
