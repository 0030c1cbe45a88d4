from __future__ import annotations

import hashlib
import os

import pytest

from policy.errors import Location
from policy.evidence.data import files as data_files
from policy.evidence.data.collection import Cache, collect_sources
from policy.evidence.data.files import FileObservation, observe_file
from policy.evidence.data.named import Source
from policy.evidence.data.totals import Reading, sum_up
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from policy.plugins.contracts import DatasetReference

ROWS = {"train": '{"a": 1}\n{"a": 2}\n{"a": 3}\n', "more": '[{"a": 4}, {"a": 5}]', "held": '{"a": 6}\n'}
FILES = {"p/data/train.jsonl": ROWS["train"], "p/data/more.json": ROWS["more"], "p/data/held.jsonl": ROWS["held"]}
DECLARED = Location("p/ml-manifest.yaml", 8, 5)
PLACE = Location("p/train.yaml", 3, 1)


def declare(*members):
    items = tuple({name: Fact(name, value, location=DECLARED) for name, value in member.items()} for member in members)
    return Fact("data.sources", Members(items, complete=True), location=DECLARED)


def refer(path=None, name=None, split="train", **options):
    return DatasetReference(path, name, split, PLACE, **options)


@pytest.fixture
def collect(plant):
    def run(declared=None, references=(), files=FILES, folder="p", cache=None):
        return collect_sources(str(plant(files)), folder, declared, references, {} if cache is None else cache)

    return run


def read(evidence):
    return {fact.path: fact.value for fact in evidence.facts}


def members(evidence):
    return [{name: fact.value for name, fact in item.items()} for item in read(evidence)["data.sources"].items]


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_nothing_named_is_nothing_observed(collect):
    assert collect() == ((), (), {})
    assert collect(declare()) == ((), (), {})


def test_declared_files_are_counted(collect):
    evidence = collect(
        declare(
            {"path": "data/train.jsonl", "license": "mit"},
            {"path": "data/more.json", "split": "train"},
            {"path": "data/held.jsonl", "split": "validation"},
        )
    )
    assert evidence.problems == ()
    assert evidence.unavailable == {}
    assert members(evidence) == [
        {"path": "data/train.jsonl", "rows": 3, "format": "jsonl", "digest": digest(ROWS["train"])},
        {"path": "data/more.json", "rows": 2, "format": "json", "digest": digest(ROWS["more"])},
        {"path": "data/held.jsonl", "rows": 1, "format": "jsonl", "digest": digest(ROWS["held"])},
    ]
    told = read(evidence)
    assert not told["data.sources"].complete
    assert told["data.rows"] == 5
    assert told["data.bytes"] == len(ROWS["train"] + ROWS["more"])
    lines = f"data/more.json\0{digest(ROWS['more'])}\ndata/train.jsonl\0{digest(ROWS['train'])}\n"
    assert told["data.digest"] == digest(lines)
    assert {fact.origin for fact in evidence.facts} == {"observed"}


def test_the_order_of_sources_does_not_change_the_digest(collect):
    one = collect(declare({"path": "data/train.jsonl"}, {"path": "data/more.json"}))
    other = collect(declare({"path": "data/more.json"}, {"path": "data/train.jsonl"}))
    assert read(one)["data.digest"] == read(other)["data.digest"]


def test_what_a_config_names_is_counted(collect):
    references = [refer("p/data/train.jsonl"), refer("p/data/held.jsonl", split="validation")]
    evidence = collect(references=references)
    assert read(evidence)["data.rows"] == 3
    assert read(evidence)["data.sources"].complete
    assert members(evidence)[1]["split"] == "validation"
    assert members(evidence)[0]["rows"] == 3


def test_declared_and_named_sources_become_one_record_each(collect):
    declared = declare({"path": "data/train.jsonl", "license": "mit", "rows": 3})
    evidence = collect(declared, [refer("p/data/train.jsonl")])
    [record] = Facts([declared, *evidence.facts]).values["data.sources"].items
    assert record["license"] == "mit"
    assert record["rows"] == 3
    assert record["digest"] == digest(ROWS["train"])
    assert record["split"] == "train"


def test_paths_in_another_folder_are_relative_to_the_manifest(collect):
    files = {"data/x.jsonl": "{}\n", "p/q/manifest": ""}
    evidence = collect(references=[refer("data/x.jsonl")], files=files, folder="p/q")
    assert members(evidence)[0]["path"] == "../../data/x.jsonl"
    declared = declare({"path": "../../data/x.jsonl"})
    assert members(collect(declared, files=files, folder="p/q"))[0]["path"] == "../../data/x.jsonl"


def test_two_names_of_one_file_count_once(collect, plant):
    os.symlink("train.jsonl", plant(FILES) / "p/data/alias.jsonl")
    evidence = collect(
        declare({"path": "data/train.jsonl"}, {"path": "data/alias.jsonl"}, {"path": "data/../data/train.jsonl"})
    )
    assert read(evidence)["data.rows"] == 3
    assert read(evidence)["data.digest"] == digest(f"data/alias.jsonl\0{digest(ROWS['train'])}\n")


def test_copies_of_one_file_count_once(collect, plant):
    root = plant({**FILES, "p/data/copy.jsonl": ROWS["train"]})
    os.link(root / "p/data/train.jsonl", root / "p/data/link.jsonl")
    references = [refer(f"p/data/{name}.jsonl") for name in ("train", "copy", "link")]
    evidence = collect(references=references)
    told = read(evidence)
    assert told["data.rows"] == 3
    assert told["data.bytes"] == len(ROWS["train"])
    assert told["data.digest"] == digest(f"data/copy.jsonl\0{digest(ROWS['train'])}\n")
    assert len(members(evidence)) == 3
    assert read(collect(references=references[::-1]))["data.digest"] == told["data.digest"]


def test_a_copy_that_is_held_out_leaves_the_other_for_training(collect, plant):
    plant({"p/data/copy.jsonl": ROWS["train"]})
    evidence = collect(references=[refer("p/data/train.jsonl"), refer("p/data/copy.jsonl", split="validation")])
    assert read(evidence)["data.rows"] == 3


@pytest.mark.parametrize(
    ("one", "other", "rows"),
    [
        ({"limit": 1}, {"limit": 2}, 2),
        ({"limit": 1}, {}, 3),
        ({"portion": "train[:1]"}, {}, 3),
        ({"portion": "train[:1]"}, {"limit": 2}, None),
    ],
)
def test_of_copies_the_one_counts_of_which_most_is_used(collect, plant, one, other, rows):
    plant({"p/data/copy.jsonl": ROWS["train"]})
    references = [refer("p/data/train.jsonl", **one), refer("p/data/copy.jsonl", **other)]
    for order in (references, references[::-1]):
        assert read(collect(references=order)).get("data.rows") == rows


def test_a_copy_that_cannot_be_counted_leaves_the_rows_open(collect, plant):
    plant({"p/data/copy.csv": ROWS["train"]})
    evidence = collect(references=[refer("p/data/train.jsonl"), refer("p/data/copy.csv")])
    assert evidence.unavailable["data.rows"].startswith("the rows of `data/copy.csv` are unknown")


class CountedReal(str):
    """A real path that counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        CountedReal.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_thousands_of_sources_are_not_each_compared_with_all_others():
    file = FileObservation(1, 10, "0", "jsonl")
    names = [f"{number}.jsonl" for number in range(2_000)]
    readings = [
        Reading(Source(name, "", "train", None, declared=True), CountedReal(name), file._replace(sha256=name))
        for name in names
    ]
    CountedReal.compared = 0
    totals = sum_up(readings, dict(zip(names, names, strict=True)))
    assert totals.values["data.rows"] == 2_000
    assert CountedReal.compared < 20_000


def test_a_file_is_read_once(collect, monkeypatch):
    seen = []

    def observe(path, shown):
        seen.append(shown)
        return observe_file(path, shown)

    monkeypatch.setattr(data_files, "observe_file", observe)
    cache: Cache = {}
    collect(declare({"path": "data/train.jsonl"}), [refer("p/data/train.jsonl")] * 2, cache=cache)
    collect(references=[refer("p/data/train.jsonl")], files={}, cache=cache)
    assert seen == ["p/data/train.jsonl"]


def test_a_file_that_changed_is_read_again(collect):
    cache: Cache = {}
    collect(references=[refer("p/data/train.jsonl")], cache=cache)
    changed = {**FILES, "p/data/train.jsonl": '{"a": 1}\n'}
    assert read(collect(references=[refer("p/data/train.jsonl")], files=changed, cache=cache))["data.rows"] == 1


@pytest.mark.parametrize(
    ("declared", "references", "reason"),
    [
        ([{"name": "org/data"}], [], "`org/data` is not a file of the repository"),
        ([{"license": "mit"}], [], "`a source without path and name` is not a file of the repository"),
        ([{"path": "data/train.jsonl"}, {"path": "data/gone.jsonl"}], [], "`p/data/gone.jsonl` does not exist"),
        ([{"path": "data/train.jsonl"}], [refer(name="org/data")], "`org/data` is not a file of the repository"),
        ([{"path": "data/train.jsonl", "split": "test"}], [], "no source is for training"),
        ([], [refer(resolved=False)], "`a dataset that the config names` is not a file of the repository"),
        (
            [],
            [refer("p/data/train.jsonl", resolved=False)],
            "what `p/data/train.jsonl` stands for could not be made out",
        ),
    ],
)
def test_totals_are_left_out_where_not_all_is_known(collect, declared, references, reason):
    evidence = collect(declare(*declared) if declared else None, references)
    assert evidence.unavailable == dict.fromkeys(("data.rows", "data.bytes", "data.digest"), reason)
    assert not {"data.rows", "data.bytes", "data.digest"} & set(read(evidence))


def test_what_is_not_for_training_may_be_unknown(collect):
    references = [refer("p/data/train.jsonl"), refer(name="org/held", split="validation", resolved=False)]
    evidence = collect(references=references)
    assert read(evidence)["data.rows"] == 3
    assert not read(evidence)["data.sources"].complete
    assert members(evidence)[1] == {"name": "org/held", "split": "validation"}


def test_the_config_says_what_a_file_is_for(collect):
    declared = declare({"path": "data/train.jsonl"}, {"path": "data/held.jsonl"})
    references = [refer("p/data/train.jsonl"), refer("p/data/held.jsonl", split="validation")]
    assert read(collect(declared, references))["data.rows"] == 3
    declared = declare({"path": "data/train.jsonl"}, {"path": "data/held.jsonl", "split": "validation"})
    references = [refer("p/data/train.jsonl"), refer("p/data/held.jsonl")]
    assert read(collect(declared, references))["data.rows"] == 4


def test_a_limit_caps_the_rows_and_leaves_the_bytes_open(collect):
    evidence = collect(references=[refer("p/data/train.jsonl", limit=2), refer("p/data/more.json", limit=2)])
    assert read(evidence)["data.rows"] == 4
    assert evidence.unavailable == {"data.bytes": "the config takes at most 2 rows of `data/train.jsonl`"}
    assert "data.digest" in read(evidence)
    assert read(collect(references=[refer("p/data/train.jsonl", limit=3)]))["data.bytes"] == len(ROWS["train"])


def test_a_negative_limit_leaves_the_rows_open(collect):
    evidence = collect(references=[refer("p/data/train.jsonl", limit=-5)])
    reason = "the config takes at most -5 rows of `data/train.jsonl`, which is no number of rows"
    assert evidence.unavailable["data.rows"] == reason
    assert "data.rows" not in read(evidence)
    assert read(collect(references=[refer("p/data/train.jsonl", limit=0)]))["data.rows"] == 0


def test_a_selection_leaves_rows_and_bytes_open(collect):
    declared = declare({"path": "data/train.jsonl"})
    evidence = collect(declared, [refer("p/data/train.jsonl", portion="train[:20%]")])
    reason = "the config selects `train[:20%]` of `data/train.jsonl`"
    assert evidence.unavailable == {"data.rows": reason, "data.bytes": reason}
    assert members(evidence)[0]["rows"] == 3


def test_a_broken_file_has_bytes_and_a_digest_but_no_rows(collect):
    files = {"p/x.jsonl": '{"a": 1}\n{"a": \n'}
    evidence = collect(declare({"path": "x.jsonl"}), [refer("p/x.jsonl")], files=files)
    assert evidence.unavailable == {"data.rows": "the rows of `x.jsonl` are unknown: line 2 is broken"}
    assert read(evidence)["data.bytes"] == 16
    [problem] = evidence.problems
    assert str(problem).startswith("p/x.jsonl:2:7: line 2 is not one JSON value")
    assert "rows" not in members(evidence)[0]


def test_a_format_that_is_not_counted(collect):
    evidence = collect(declare({"path": "x.csv"}), files={"p/x.csv": "a\n1\n"})
    reason = "the rows of `x.csv` are unknown: rows are counted in JSON and JSON Lines files only"
    assert evidence.unavailable == {"data.rows": reason}
    assert members(evidence)[0]["format"] == "csv"


def test_a_pointer_is_no_data(collect):
    files = {"p/x.jsonl": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"}
    evidence = collect(declare({"path": "x.jsonl"}), files=files)
    assert set(evidence.unavailable) == {"data.rows", "data.bytes", "data.digest"}
    assert members(evidence) == [{"path": "x.jsonl"}]


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("../secret.jsonl", "warning"),
        ("../../secret.jsonl", "error"),
        ("/etc/passwd", "error"),
        ("data", "error"),
        ("out.jsonl", "error"),
        ("gone.jsonl", "warning"),
    ],
)
def test_what_a_manifest_must_not_name_is_an_error_and_what_is_missing_a_warning(collect, plant, path, level):
    os.symlink("/etc/passwd", plant(FILES) / "p/out.jsonl")
    evidence = collect(declare({"path": path}))
    [problem] = evidence.problems
    assert problem.level == level
    assert problem.location == DECLARED
    assert evidence.facts == ()
    assert set(evidence.unavailable) == {"data.rows", "data.bytes", "data.digest"}


@pytest.mark.parametrize("path", ["../x.jsonl", "/etc/passwd", "p/data", "gone.jsonl"])
def test_what_a_config_names_in_vain_is_a_warning(collect, path):
    [problem] = collect(references=[refer(path)]).problems
    assert problem.level == "warning"
    assert problem.location == PLACE


def test_a_file_that_fails_while_it_is_read_is_a_warning(collect, monkeypatch):
    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(data_files, "observe_file", fail)
    evidence = collect(declare({"path": "data/train.jsonl"}))
    [problem] = evidence.problems
    assert str(problem).startswith("p/ml-manifest.yaml:8:5: `p/data/train.jsonl` cannot be read: Input/output error")
    assert problem.level == "warning"
