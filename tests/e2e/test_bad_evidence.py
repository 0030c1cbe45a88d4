"""Bad evidence, all kinds in one place: each has one clear outcome, takes no other project with it, and never hangs."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import subprocess
import sys

import pytest

from tests.e2e import test_bad_data, test_tried_results
from tests.e2e.conftest import GOOD

MANIFEST = "manifest: 1\nproject: bad\napproach: fine-tuning\n"
ROW = '{"text": "a"}\n'
LONG_ROW = b'{"text": "' + b"a" * 1000 + b'"}\n'
MIB = 1024**2

# What has its tests elsewhere, and where.
ELSEWHERE = {
    "a broken line in the middle": test_bad_data.test_a_broken_line_is_named_and_nothing_of_it_is_quoted,
    "a pipe": test_bad_data.test_a_pipe_is_not_waited_for,
    "a device": test_bad_data.test_a_device_is_not_read,
    "a folder": test_bad_data.test_a_folder_is_no_file,
    "a path out of the repository": test_bad_data.test_a_path_out_of_the_repository_is_refused,
    "a link out of the repository": test_bad_data.test_a_link_out_of_the_repository_is_not_followed,
    "a missing file": test_bad_data.test_a_missing_file_is_a_warning_and_its_rows_are_unknown,
    "a missing results file": test_tried_results.test_a_file_that_does_not_exist_does_not_count,
    "a broken results file": test_tried_results.test_a_broken_file_is_an_error_and_leaves_it_open,
    "MLflow that errs, redirects or hangs": test_tried_results.test_a_server_that_tells_nothing_leaves_it_open,
}


def write_parquet(*, spoil: slice = slice(0)) -> bytes:
    """A sound Parquet file, but for some of its bytes."""
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    stream = io.BytesIO()
    parquet.write_table(arrow.table({"text": ["a", "b"] * 100}), stream)
    data = bytearray(stream.getvalue())
    data[spoil] = bytes(255 - byte for byte in data[spoil])
    return bytes(data)


# Name: the file, its content, and what is said of it.
BROKEN = {
    "an unfinished first line": ("a.jsonl", '{"text": ', "1:10: line 1 is not one JSON value"),
    "NUL bytes in a line": ("a.jsonl", ROW + '{"text": "\0"}\n', "2:11: line 2 is not one JSON value: invalid control"),
    "nothing but NUL bytes": ("a.jsonl", b"\0" * 1000, "1:1: line 1 is not one JSON value"),
    "NUL bytes in a record": ("a.csv", b"a,b\nx,\0\n", "2:3: line 2 is not a sound record: there is a NUL character"),
    "UTF-16": ("a.jsonl", ROW.encode("utf-16"), "1:1: line 1 is not one JSON value: the file is encoded as UTF-16"),
    "UTF-32": ("a.jsonl", ROW.encode("utf-32"), "1:1: line 1 is not one JSON value: the file is encoded as UTF-32"),
    "Latin-1": ("a.jsonl", '{"text": "naïve"}\n'.encode("latin-1"), "1:13: line 1 is not one JSON value: the bytes"),
    "Latin-1 records": ("a.csv", "a\nnaïve\n".encode("latin-1"), "2:3: line 2 is not a sound record: the bytes"),
    "an escape sequence": ("a.jsonl", '{"text": "\x1b[31m"}\n', "1:11: line 1 is not one JSON value: invalid control"),
    "NaN": ("a.jsonl", '{"text": NaN}\n', "1:10: line 1 is not one JSON value: `NaN` is no JSON value"),
    "deep lists": ("a.jsonl", "[" * 10**6, "1:2: line 1 is not one JSON value: values are nested too deeply"),
    "deep mappings": ("a.jsonl", '{"a":' * 10**5 + "1" + "}" * 10**5, "1:1: line 1 is not one JSON value: values are"),
    "a deep element": ("a.json", f"[{'[' * 10**6}", "1:2: line 1 is not JSON: values are nested too deeply"),
    "records of several lengths": ("a.csv", "a,b\n1,2\n1,2,3\n", "3:1: line 3 is not a sound record: the record has 3"),
    "a quote without end": (
        "a.csv",
        b'a,b\n"' + b"x," * 5 * MIB,
        "2:1: line 2 is not a sound record: the record is longer",
    ),
    "gzip that is cut": ("a.jsonl.gz", gzip.compress(ROW.encode() * 1000)[:-20], "1:1: the compressed data"),
    "gzip that is no gzip": ("a.jsonl.gz", ROW, "1:1: the compressed data"),
    "a gzip bomb": ("a.jsonl.gz", lambda: gzip.compress(LONG_ROW * 100_000), "1:1: the file expands to more than"),
    "a bomb of one line": (
        "a.jsonl.gz",
        lambda: gzip.compress(b"a" * 200 * MIB),
        "1:1: line 1 is not one JSON value: the line is",
    ),
    "an empty Parquet file": ("a.parquet", b"", "1:1: the Parquet data is damaged or of a kind that is not read"),
    "text as Parquet": ("a.parquet", ROW, "1:1: the Parquet data is damaged or of a kind that is not read"),
}


def declare(*paths: str) -> str:
    return "data:\n  sources:\n" + "".join(test_bad_data.SOURCE.format(path=path) for path in paths)


@pytest.fixture
def judge(plant, policy):
    """Check the project `bad` beside a good one; the call's result, what came of each policy, and the decision."""

    def run(files, sources="", below="", **options):
        both = {"good/ml-manifest.yaml": GOOD, "bad/ml-manifest.yaml": MANIFEST + sources}
        both |= {f"bad/{name}": content for name, content in files.items()}
        root = plant({os.path.join(below, name): content for name, content in both.items()})
        result = policy("check", "--output", "json", folder=root / below, **options)
        decisions = {decision["project"]: decision for decision in json.loads(result.out)["decisions"]}
        assert decisions["good"]["verdict"] == "allow"
        outcomes = {outcome["policy"]: outcome["outcome"] for outcome in decisions["bad"]["outcomes"]}
        return result, outcomes, decisions["bad"]

    return run


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_with_its_place_and_its_rows_are_unknown(name, judge):
    file, content, message = BROKEN[name]
    content = content() if callable(content) else content
    result, outcomes, decision = judge({file: content}, declare(file))
    (headline,) = result.headlines
    assert headline.startswith(f"error: bad/{file}:{message}")
    assert len(result.helps) == 1
    assert len(result.err.splitlines()) == 2
    assert (result.code, decision["verdict"]) == (2, "block")
    assert {outcomes[policy] for policy in ("too-few-examples", "few-examples", "duplicate-rows")} == {"unknown"}


@pytest.mark.parametrize("spoil", [slice(-60, -8), slice(-8, -4), slice(-4, None)], ids=["footer", "length", "mark"])
def test_parquet_with_a_corrupt_footer_is_named(spoil, judge):
    result, outcomes, _ = judge({"a.parquet": write_parquet(spoil=spoil)}, declare("a.parquet"))
    (headline,) = result.headlines
    assert headline.startswith("error: bad/a.parquet:1:1: the Parquet data is damaged or of a kind that is not read")
    assert result.helps == ["write or fetch the file again"]
    assert (result.code, outcomes["too-few-examples"]) == (2, "unknown")
    # The same file when it is sound.
    result, outcomes, _ = judge({"a.parquet": write_parquet()}, declare("a.parquet"))
    assert (result.err, outcomes["too-few-examples"]) == ("", "pass")


@pytest.mark.parametrize("start", ['{"text": "', ""])
def test_one_line_of_100_mb_is_refused_without_being_held(start, judge, tmp_path):
    (tmp_path / "bad").mkdir()
    with open(tmp_path / "bad/a.jsonl", "wb") as file:
        file.write(start.encode())
        file.writelines(b"a" * MIB for _ in range(100))
    result, outcomes, _ = judge({}, declare("a.jsonl"), prepare=limit_memory(400 * MIB))
    (headline,) = result.headlines
    assert headline == "error: bad/a.jsonl:1:1: line 1 is not one JSON value: the line is longer than 8 MiB"
    assert (result.code, outcomes["too-few-examples"]) == (2, "unknown")


def limit_memory(size: int):
    """To be called in a new process, which then cannot have more address space."""
    if not sys.platform.startswith("linux"):
        pytest.skip("address space is not limited on this system")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (size, size))

    return limit


MIXED = [
    '{"messages": [{"role": "user", "content": "a"}]}',
    '{"prompt": "a", "completion": "b"}',
    '{"text": null}',
    '["a", 1]',
    '"a"',
    "5",
    "null",
    '{"messages": "none"}',
]


def test_rows_of_mixed_schemas_are_each_a_row(judge):
    result, _, decision = judge({"a.jsonl": "\n".join(MIXED)}, declare("a.jsonl"))
    assert (result.err, result.code) == ("", 1)
    (reason,) = find_reasons(decision, "too-few-examples")
    assert (reason["actual"], reason["origin"]) == (str(len(MIXED)), "observed")


def find_reasons(decision, policy):
    (outcome,) = (outcome for outcome in decision["outcomes"] if outcome["policy"] == policy)
    return [reason for reason in outcome["because"] if reason["field"] == "data.rows"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.jsonl.gz"])
@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_file_has_no_rows_and_is_no_pass(name, content, judge):
    packed = gzip.compress(content.encode()) if name.endswith(".gz") else content
    result, outcomes, decision = judge({name: packed}, declare(name))
    (reason,) = find_reasons(decision, "too-few-examples")
    assert (result.err, reason["actual"], outcomes["too-few-examples"]) == ("", "0", "fail")
    assert outcomes["duplicate-rows"] == "unknown"


# What would take a backtracking matcher, a number's text or a terminal out of its depth, and is sound JSON.
HOSTILE = {
    "almost an address": "a" * 200_000 + "@",
    "signs of addresses": "@" * 200_000,
    "digits and spaces": "1 " * 100_000,
    "almost a key": "-----BEGIN " * 20_000,
    "almost assignments": "password=" * 20_000,
    "quotes in quotes": '\\"' * 100_000,
    "escape sequences": "\x1b]0;owned\x07\x1b[2J\x1b[31m" * 100,
    "signs that turn the text": "\u202e\u2066\ufeff" * 100,
    "halves of characters": "\ud800",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_rows_like_any_other(name, judge):
    row = json.dumps({"text": HOSTILE[name], name: [1]})
    result, outcomes, _ = judge({"a.jsonl": f"{row}\n" * 3}, declare("a.jsonl"))
    assert (result.err, outcomes["secrets-in-data"]) == ("", "pass")
    assert outcomes["too-few-examples"] == "fail"
    assert "\x1b" not in result.out


@pytest.mark.parametrize("number", ["9" * 100_000, "-1E-99999", "1e99999", f"0.{'1' * 100_000}"])
def test_huge_numbers_are_rows_like_any_other(number, judge):
    result, _, decision = judge({"a.jsonl": f'{{"a": {number}}}\n' * 3}, declare("a.jsonl"))
    assert result.err == ""
    assert find_reasons(decision, "too-few-examples")[0]["actual"] == "3"


def test_a_name_that_would_paint_the_terminal_is_shown_harmless(judge):
    result, _, _ = judge({}, 'data: {sources: [{path: "a\\e[31m\\u202e.jsonl", license: mit}]}\n')
    assert "\x1b" not in result.err + result.out
    assert "\u202e" not in result.err + result.out
    assert result.code in (1, 2)


AXOLOTL = "base_model: Qwen/Qwen3-4B\nadapter: lora\nnum_epochs: 1\ndatasets:\n  - {{path: '{}', type: alpaca}}\n"
FACTORY = "stage: sft\nfinetuning_type: lora\ndo_train: true\nmodel_name_or_path: Qwen/Qwen3-4B\ndataset: mine\n"
INDEX = '{{"mine": {{"file_name": "{}"}}}}'
OUTSIDE = "/OUTSIDE"  # which each test puts its own folder in the place of
FILES = [f"{OUTSIDE}/outside.jsonl", "../../outside.jsonl", "../../../../../../../etc/passwd", "/dev/zero"]
FOLDERS = [OUTSIDE, "../..", "/", "../../../../../../../.."]
LINES = {
    "deepspeed": "deepspeed: ../../outside.jsonl",
    "a template": "chat_template_jinja: /dev/zero",
    "defaults": "defaults: [../../outside, /etc/passwd]",
    "a reference": "name: ${file:/etc/passwd}",
}
# By what leads out of the repository, and to rows that would be counted.
INCLUDES = {
    **{
        f"Axolotl: {path}": {"train.yaml": AXOLOTL.format(path)} for path in [*FILES, f"file://{OUTSIDE}/outside.jsonl"]
    },
    **{f"an index: {path}": {"train.yaml": FACTORY, "data/dataset_info.json": INDEX.format(path)} for path in FILES},
    **{f"a folder: {path}": {"train.yaml": f"{FACTORY}dataset_dir: {path}\n"} for path in FOLDERS},
    **{name: {"train.yaml": f"{AXOLOTL.format('some/dataset')}{line}\n"} for name, line in LINES.items()},
}


@pytest.mark.parametrize("name", INCLUDES)
def test_nothing_that_a_config_includes_is_read_from_outside(name, judge, plant, tmp_path):
    outside = tmp_path / "outside"
    index = '{"mine": {"file_name": "outside.jsonl"}}'
    rows = '{"text": "CANARY"}\n' * 7
    plant({f"outside/{file}": rows for file in ("outside.jsonl", "outside.yaml")})
    plant({"outside/dataset_info.json": index, "outside.jsonl": rows, "dataset_info.json": index})
    files = {file: text.replace(OUTSIDE, str(outside)) for file, text in INCLUDES[name].items()}
    result, outcomes, _ = judge(files, below="repository")
    assert outcomes["too-few-examples"] == "unknown"
    assert "CANARY" not in result.out + result.err
    assert (result.code, [line for line in result.headlines if line.startswith("error")]) == (1, [])


def test_links_in_the_place_of_what_a_config_names_are_not_followed(judge, tmp_path):
    outside = tmp_path.with_name(f"{tmp_path.name}-outside.jsonl")
    outside.write_text('{"text": "CANARY"}\n' * 7)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/train.jsonl").symlink_to(outside)
    result, outcomes, _ = judge({"train.yaml": AXOLOTL.format("bad/train.jsonl")})
    assert outcomes["too-few-examples"] == "unknown"
    message = "`bad/train.jsonl` leads outside the repository by a symbolic link"
    assert result.headlines == [f"warning: bad/train.yaml:5:12: {message}"]
    assert result.code == 1


MANY = 10_000


def plant_many(folder, number: int = MANY) -> list[str]:
    (folder / "bad/data").mkdir(parents=True)
    names = [f"data/part-{part:05}.jsonl" for part in range(number)]
    for part, name in enumerate(names):
        (folder / "bad" / name).write_text(f'{{"text": "row {part}"}}\n')
    return names


def test_ten_thousand_data_files_in_one_manifest(judge, tmp_path):
    names = plant_many(tmp_path)
    result, outcomes, _ = judge({}, declare(*names), prepare=limit_memory(1024 * MIB))
    assert result.err == ""
    assert (outcomes["too-few-examples"], outcomes["duplicate-rows"]) == ("pass", "pass")


def test_ten_thousand_data_files_in_one_folder(judge, tmp_path):
    names = plant_many(tmp_path)
    result, _, decision = judge({}, declare(names[0], names[-1]), prepare=limit_memory(400 * MIB))
    assert result.err == ""
    assert find_reasons(decision, "too-few-examples")[0]["actual"] == "2"


@pytest.mark.parametrize("staged", [False, True])
def test_a_repository_without_commits_is_judged(staged, judge, tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    names = plant_many(tmp_path, 3)
    if staged:
        subprocess.run(["git", "-C", str(tmp_path), "add", "."], check=True)
    result, _, decision = judge({}, declare(*names))
    assert (result.err, result.code) == ("", 1)
    assert find_reasons(decision, "too-few-examples")[0]["actual"] == "3"


def test_what_has_its_test_elsewhere_has_one():
    assert all(callable(test) and test.__name__.startswith("test_") for test in ELSEWHERE.values())
