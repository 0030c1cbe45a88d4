from __future__ import annotations

import json
import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import Location
from policy.evidence.data import cache as cache_module
from policy.evidence.data import duplicates, overlap, row_codec, row_content, split_reader
from policy.evidence.data.cache import identify, open_cache
from policy.evidence.data.duplicates import RowHashes
from policy.evidence.data.files import observe_file
from policy.evidence.data.overlap import EvaluationRows
from policy.evidence.data.row_codec import STANDARD, choose_codec
from policy.evidence.data.row_content import RowContent
from policy.evidence.data.sources import OBSERVED_DEEP, DataSources
from policy.model.fact import Fact, Members
from policy.plugins.contracts import DatasetReference, Project

PLACE = Location("train.yaml", 1, 1)
WORDS = [f"word{number}" for number in range(2000)]


def declare(**splits):
    records = tuple(
        {"path": Fact("path", name), "split": Fact("split", split)}
        for split, names in splits.items()
        for name in names.split()
    )
    return Fact("data.sources", Members(records, complete=True))


def write_rows(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def say(generator, count=60):
    return " ".join(generator.choices(WORDS, k=count))


@pytest.fixture
def collect(plant):
    def run(files, references=(), collector=None, **splits):
        root = plant(files)
        declared = (declare(**splits),) if splits else ()
        return (collector or DataSources(deep=True)).collect(Project(str(root), "", declared, references))

    return run


def read(evidence):
    return {fact.path: fact.value for fact in evidence.facts}


def test_content_is_observed_only_where_it_is_asked_for(collect):
    files = {"a.jsonl": write_rows({"a": "x"}), "b.csv": "a\nx\n"}
    plain = collect(files, train="a.jsonl b.csv", collector=DataSources())
    assert not set(OBSERVED_DEEP) & {*read(plain), *plain.unavailable}
    assert "data.rows" in plain.unavailable
    deep = collect(files, train="a.jsonl b.csv")
    assert set(OBSERVED_DEEP) <= {*read(deep), *deep.unavailable}
    assert {fact.path for fact in deep.facts} | set(deep.unavailable) <= set(DataSources(deep=True).observes)


def test_rows_are_compared_across_files_and_formats(collect):
    files = {
        "a.jsonl": '{"q": "one", "a": "two"}\n{"a":"two",  "q":"one"}\n{"q": "one", "a": "other"}\n',
        "b.csv": "q,a\none,two\nnew,row\n",
        "c.json": '[{"a": "tw\\u006f", "q": "one"}]',
    }
    told = read(collect(files, train="a.jsonl b.csv c.json"))
    assert told["data.rows"] == 6
    assert told["data.duplicate_rate"] == 3 / 6
    assert told["data.tokens"] == -(-(6 + 6 + 8 + 6 + 6 + 6) // 4)


def test_tokens_are_an_estimate_and_rates_are_observed(collect):
    origins = {fact.path: fact.origin for fact in collect({"a.jsonl": write_rows("x")}, train="a.jsonl").facts}
    assert origins["data.tokens"] == "estimated"
    assert origins["data.duplicate_rate"] == "observed"


def test_copies_of_a_file_are_no_repeated_rows(collect):
    rows = write_rows("one", "two")
    told = read(
        collect(
            {"a.jsonl": rows, "b.jsonl": rows, "c.jsonl": write_rows("six", "two")}, train="a.jsonl b.jsonl c.jsonl"
        )
    )
    assert told["data.rows"] == 4
    assert told["data.duplicate_rate"] == 1 / 4


UNKNOWN = "the rows of `%s` are unknown: %s"


@pytest.mark.parametrize(
    ("files", "train", "test", "path", "reason"),
    [
        ({"a.jsonl": ""}, "a.jsonl", "", "duplicate_rate", "the training data has no rows"),
        ({"a.jsonl": "1\n"}, "a.jsonl", "", "overlap_rate", "no source has the split validation or test"),
        ({"a.jsonl": "1\n", "b.json": ""}, "a.jsonl", "b.json", "overlap_rate", "the evaluation data has no rows"),
        ({"a.jsonl": "1\n"}, "a.jsonl", "gone.jsonl", "overlap_rate", "`gone.jsonl` does not exist"),
        (
            {"a.jsonl": "1", "b.json": "{"},
            "a.jsonl",
            "b.json",
            "overlap_rate",
            UNKNOWN % ("b.json", "line 1 is broken"),
        ),
        ({"a.jsonl": "1\n{"}, "a.jsonl", "", "tokens", UNKNOWN % ("a.jsonl", "line 2 is broken")),
        (
            {"a.txt": ""},
            "a.txt",
            "",
            "tokens",
            UNKNOWN % ("a.txt", "rows are counted in JSON, CSV and Parquet files only"),
        ),
        ({"a.json": "[1]\n[2]"}, "a.json", "", "tokens", UNKNOWN % ("a.json", "they are written in an unusual form")),
        ({}, "gone.jsonl", "", "duplicate_rate", "`gone.jsonl` does not exist"),
    ],
)
def test_what_is_not_known_has_its_reason(collect, files, train, test, path, reason):
    evidence = collect(files, train=train, test=test)
    assert evidence.unavailable[f"data.{path}"] == reason
    assert f"data.{path}" not in read(evidence)


@pytest.mark.parametrize("options", [{"limit": 1}, {"portion": "train[:1]"}])
def test_a_part_of_a_file_says_nothing_of_its_rows(collect, options):
    reference = DatasetReference("a.jsonl", None, "train", PLACE, **options)
    evidence = collect({"a.jsonl": "1\n1\n"}, (reference,))
    assert set(OBSERVED_DEEP) <= set(evidence.unavailable)
    whole = collect({"a.jsonl": "1\n1\n"}, (reference._replace(limit=2, portion=""),))
    assert read(whole)["data.duplicate_rate"] == 0.5


def test_evaluation_rows_in_the_training_data_are_found(collect):
    generator = random.Random(1)
    texts = [say(generator) for _ in range(10)]
    training = [{"text": text} for text in texts[:2]]
    training.append({"prompt": f"{say(generator, 7)} {texts[2].upper()} {say(generator, 9)}"})
    training += [{"text": say(generator)} for _ in range(50)]
    files = {"t.jsonl": write_rows(*training), "e.jsonl": write_rows(*({"text": text} for text in texts))}
    assert read(collect(files, train="t.jsonl", test="e.jsonl"))["data.overlap_rate"] == 0.3


def test_a_template_is_no_overlap(collect):
    generator = random.Random(2)
    template = say(generator, 100)
    rows = [{"system": template, "user": say(generator, 30)} for _ in range(20)]
    files = {"t.jsonl": write_rows(*rows[:10]), "e.jsonl": write_rows(*rows[10:])}
    assert read(collect(files, train="t.jsonl", validation="e.jsonl"))["data.overlap_rate"] == 0
    files["e.jsonl"] = write_rows(rows[0], *rows[11:])
    assert read(collect(files, train="t.jsonl", validation="e.jsonl"))["data.overlap_rate"] == 0.1


def test_a_file_that_is_both_overlaps_with_itself(collect):
    references = tuple(DatasetReference("a.jsonl", None, split, PLACE) for split in ("train", "test"))
    assert read(collect({"a.jsonl": write_rows("one", "two")}, references))["data.overlap_rate"] == 1


def test_more_evaluation_rows_than_are_kept_are_sampled(monkeypatch):
    monkeypatch.setattr(overlap, "MOST_RUNS", 500)
    generator = random.Random(3)
    texts = [say(generator, 40) for _ in range(1000)]
    rows = EvaluationRows()
    for number, text in enumerate(texts):
        rows.keep(number, text)
    rows.seal()
    for text in texts[:500]:
        rows.compare(-1, text)
    found = rows.count()
    assert found.sampled
    assert 5 <= found.rows <= 18
    assert abs(found.held / found.rows - 0.5) < 0.1


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 3), max_size=300), st.integers(1, 50))
def test_repetitions_are_exact_in_memory_and_on_disk(digests, most):
    known, duplicates.MOST_HELD = duplicates.MOST_HELD, most
    try:
        hashes = RowHashes()
        for start in range(0, len(digests), 7):
            hashes.extend(digests[start : start + 7])
        found = hashes.count()
    finally:
        duplicates.MOST_HELD = known
    assert found == (len(digests), len(digests) - len(set(digests)), "")


def test_hashes_that_cannot_be_kept_leave_the_rate_open(monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_HELD", 4)
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: (_ for _ in ()).throw(OSError(28, "No space left")))
    hashes = RowHashes()
    hashes.extend(range(10))
    assert hashes.count() == (10, None, "the temporary file for the hashes of the rows failed: No space left")
    monkeypatch.setattr(duplicates, "MOST_ROWS", 8)
    hashes = RowHashes()
    hashes.extend(range(10))
    assert hashes.count().reason == "there are more than 8 rows"


@pytest.fixture(params=["standard", "fast"])
def codec(request):
    if request.param == "fast":
        pytest.importorskip("orjson", reason="orjson is not installed")
        return choose_codec(row_codec.WORTH_IMPORTING)
    return STANDARD


DEEP = b"[" * 400 + b"]" * 400


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (b'{"a": 1, "b": "x"}', b'{"b":"x","a":1}', True),
        (b'"\\u00fc"', '"ü"'.encode(), True),
        (b'"\\ud800"', b'"\\uD800"', True),
        (b"1", b"1.0", False),
        (b"-1", b"-2", False),
        (b'"1"', b"1", False),
        (b"[[]]", b"[]", False),
        (b"null", b"[]", False),
        (b'["a","b"]', b'["b","a"]', False),
        (b'{"a": {"b": 1}}', b'{"a": {}, "b": 1}', False),
        (DEEP, DEEP, True),
        (DEEP, b"[" + DEEP + b"]", False),
        (b"123456789012345678901234567890", b"123456789012345678901234567891", False),
    ],
)
def test_equal_rows_and_no_others_become_equal_bytes(codec, one, other, equal):
    def decode(data):
        try:
            return codec.decode(data)
        except ValueError:
            return STANDARD.decode(data)

    first, second = codec.encode([decode(one), decode(other)])
    if codec is not STANDARD and one.isdigit() and len(one) > 20:
        return  # orjson reads such numbers as floats, which are equal
    assert (first == second) == equal


def test_text_empty_rows_and_the_longest_row(codec):
    content = RowContent(codec)
    rows = [b'{"a": "four", "b": ["x", 1], "c": {"d": "yz"}}', b'{"a": " ", "b": [], "c": null}', b'""', b"0", b"{}"]
    content.take_lines([*rows, b"", b" "], 1)
    assert content.rows == 5
    assert content.conclude() == (8, 3, len(rows[0]))


def test_text_is_estimated_from_a_sample_in_long_files(monkeypatch):
    monkeypatch.setattr(row_content, "MEASURED_ROWS", 50)
    generator = random.Random(4)
    texts = [say(generator, generator.randrange(60, 120)) for _ in range(4000)]
    content = RowContent(STANDARD)
    for start in range(0, 4000, 130):
        content.take_lines([json.dumps({"text": text}).encode() for text in texts[start : start + 130]], 1)
    assert content.conclude().characters == pytest.approx(sum(map(len, texts)), rel=0.02)


def test_ten_thousand_files_are_read(collect):
    files = {f"d/{number}.jsonl": f'{{"a": {number % 5000}}}\n' for number in range(10_000)}
    told = read(collect(files, train=" ".join(files)))
    assert (told["data.rows"], told["data.bytes"] > 0) == (5_000, True)
    assert told["data.duplicate_rate"] == 0


@pytest.fixture
def kept(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    folder.chmod(0o700)
    monkeypatch.setenv("POLICY_CACHE_DIR", str(folder))
    monkeypatch.delenv("POLICY_CACHE", raising=False)
    monkeypatch.setattr(split_reader, "WORTH_KEEPING", 0)
    monkeypatch.setattr(cache_module, "SETTLED_SECONDS", 0)
    return folder / "data"


@pytest.fixture
def scanned(monkeypatch):
    names = []

    def observe(path, shown, wanted):
        names.append(shown)
        return observe_file(path, shown, wanted)

    monkeypatch.setattr(split_reader, "observe_file", observe)
    return names


FILES = {"t.jsonl": write_rows("one", "one", "two"), "e.jsonl": write_rows("two")}


@pytest.mark.usefixtures("kept")
def test_unchanged_data_is_not_read_again(collect, scanned, tmp_path):
    first = collect(FILES, train="t.jsonl", test="e.jsonl")
    assert scanned == ["e.jsonl", "t.jsonl"]
    again = DataSources(deep=True).collect(Project(str(tmp_path), "", (declare(train="t.jsonl", test="e.jsonl"),)))
    assert scanned == ["e.jsonl", "t.jsonl"]
    assert again == first
    status = (tmp_path / "t.jsonl").stat()
    (tmp_path / "t.jsonl").write_text(FILES["t.jsonl"].replace("two", "six"))
    os.utime(tmp_path / "t.jsonl", ns=(status.st_atime_ns, status.st_mtime_ns))
    changed = DataSources(deep=True).collect(Project(str(tmp_path), "", (declare(train="t.jsonl", test="e.jsonl"),)))
    assert read(changed)["data.overlap_rate"] == 0
    assert read(changed)["data.digest"] != read(first)["data.digest"]


def test_entries_hold_counts_and_digests_only(collect, kept):
    collect(FILES, train="t.jsonl", test="e.jsonl")
    entries = [json.loads(file.read_text()) for file in kept.iterdir()]
    assert len(entries) == 3
    for entry in entries:
        assert set(entry) <= {
            *("entry", "rows", "bytes", "sha256", "format", "characters", "empty_rows", "longest_row"),
            *("repeated", "compared", "held", "sampled"),
        }
    assert all(file.stat().st_mode & 0o077 == 0 for file in kept.iterdir())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda _: "\0" * 100,
        lambda _: "[" * 4000,
        lambda _: "[1]",
        lambda _: "{}",
        lambda text: text[:-5],
        lambda text: json.dumps({**json.loads(text), "rows": -1}),
        lambda text: json.dumps({**json.loads(text), "rows": True}),
        lambda text: json.dumps({**json.loads(text), "rows": "3"}),
        lambda text: json.dumps({**json.loads(text), "rows": 0, "bytes": 0}),
        lambda text: json.dumps({**json.loads(text), "entry": "another"}),
    ],
)
def test_entries_that_are_not_sound_are_passed_over(collect, kept, scanned, spoil):
    first = collect(FILES, train="t.jsonl", test="e.jsonl")
    for file in kept.iterdir():
        file.write_text(spoil(file.read_text()))
    assert collect({}, train="t.jsonl", test="e.jsonl") == first
    assert kept.is_dir()
    assert set(scanned[2:]) == {"e.jsonl", "t.jsonl"}


def test_a_broken_file_is_not_kept(collect, kept):
    collect({"a.jsonl": "1\n{"}, train="a.jsonl")
    names = [json.loads(file.read_text()) for file in kept.iterdir()]
    assert not any("sha256" in entry for entry in names)


def test_what_changed_lately_is_not_kept(collect, kept, monkeypatch):
    monkeypatch.setattr(cache_module, "SETTLED_SECONDS", 3600)
    collect(FILES, train="t.jsonl")
    assert not kept.exists()


@pytest.mark.parametrize(
    ("variables", "used"),
    [
        ({}, True),
        ({"POLICY_CACHE": "off"}, False),
        ({"POLICY_CACHE": "OFF"}, False),
        ({"CI": "true"}, True),
        ({"CI": "true", "POLICY_CACHE_DIR": ""}, False),
        ({"CI": "false", "POLICY_CACHE_DIR": ""}, True),
        ({"POLICY_CACHE_DIR": "relative"}, False),
        ({"POLICY_CACHE_DIR": "/dev/null"}, False),
    ],
)
def test_when_there_is_a_cache(kept, tmp_path, monkeypatch, variables, used):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(kept.parent))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (open_cache(str(tmp_path)) is not None) == used


def test_a_folder_that_others_can_fill_is_not_used(kept, tmp_path, monkeypatch):
    kept.mkdir()
    assert open_cache(str(tmp_path)) is not None
    kept.chmod(0o777)
    assert open_cache(str(tmp_path)) is None
    monkeypatch.setenv("POLICY_CACHE_DIR", str(tmp_path / "inside"))
    assert open_cache(str(tmp_path)) is None
    os.symlink(tmp_path, kept.parent / "link")
    monkeypatch.setenv("POLICY_CACHE_DIR", str(kept.parent / "link"))
    assert open_cache(str(tmp_path)) is None


def test_a_full_cache_loses_its_older_half(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module, "_MOST_ENTRIES", 4)
    (tmp_path / "a").write_text("")
    found = open_cache(str(tmp_path))
    assert found is not None
    for number in range(5):
        found.save(str(number), [identify(str(tmp_path / "a"))], {"rows": number})
    assert len(list(kept.iterdir())) == 3


def test_a_cache_that_cannot_be_written_changes_nothing(collect, kept):
    kept.write_text("a file in its place")
    assert read(collect(FILES, train="t.jsonl"))["data.rows"] == 3
