from __future__ import annotations

import json
import os

import pytest

from policy.errors import Location
from policy.evidence.data import cache as cache_module
from policy.evidence.data import split_reader
from policy.evidence.data.files import observe_file
from policy.evidence.data.sources import DataSources
from policy.evidence.tokens import counting, sample
from policy.evidence.tokens.counting import count_tokens
from policy.evidence.tokens.totals import Counted, scale
from policy.model.facts import Facts
from policy.plugins.contracts import DatasetReference
from tests.evidence.tokens.conftest import COMMIT, CONTENT, OTHER_COMMIT, TEXTS, count, declare, split_by, spoil, state

ROWS = [{"messages": [{"role": "user", "content": text}], "n": 5, "z": [text]} for text in TEXTS]
STRINGS = [string for text in TEXTS for string in ("user", text, text)]
EXACT = count(*STRINGS)
OWN = "models/base/tokenizer.json"
ESTIMATE = -(-sum(map(len, STRINGS)) // 4)


def write_rows(rows=ROWS):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(autouse=True)
def none_at_hand(monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", "/nowhere")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    monkeypatch.setenv("POLICY_CACHE", "off")


@pytest.fixture
def collect(project):
    """What is observed of `data.tokens` where these files are for training; and all of the evidence."""

    def run(files, train="a.jsonl", collector=None, declared=(), **options):
        made = project(files, declared=(declare(train=train), *declared), **options)
        evidence = (collector or DataSources(deep=True)).collect(made)
        facts = [fact for fact in evidence.facts if fact.path == "data.tokens"]
        return (facts[0] if facts else None), evidence

    return run


@pytest.fixture
def counted(monkeypatch):
    """How many texts were counted, each time."""
    sizes = []

    def count_them(tokenizer, texts):
        sizes.append(len(texts))
        return count_tokens(tokenizer, texts)

    monkeypatch.setattr(counting, "count_tokens", count_them)
    return sizes


def test_the_text_is_counted_in_full(collect):
    fact, evidence = collect({"a.jsonl": write_rows(), OWN: CONTENT})
    assert (fact.value, fact.origin) == (EXACT, "observed")
    assert fact.source.startswith("data files, by models/base/tokenizer.json (")
    assert evidence.problems == ()
    assert "data.tokens" not in evidence.unavailable


def test_the_count_is_worth_more_than_a_declaration_and_contradicts_none(collect):
    claim = state("data.tokens", EXACT * 3)
    _, evidence = collect({"a.jsonl": write_rows(), OWN: CONTENT})
    facts = Facts((claim, *evidence.facts))
    assert facts.judged["data.tokens"].value == facts.proven["data.tokens"].value == EXACT
    assert facts.contradictions == ()
    _, estimate = collect({"a.jsonl": write_rows()}, base="acme/unheard")
    assert Facts((claim, *estimate.facts)).judged["data.tokens"].value == EXACT * 3


def test_without_a_tokenizer_it_is_an_estimate(collect, counted):
    for base in ("acme/unheard", "gpt-4o", "models/base"):
        fact, evidence = collect({"a.jsonl": write_rows()}, base=base)
        assert (fact.value, fact.origin) == (ESTIMATE, "estimated")
        assert fact.source == "data files, characters ÷ 4"
        assert "data.tokens" not in evidence.unavailable
    assert counted == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps(ROWS)),
        ("a.jsonl", "\n\n".join(map(json.dumps, ROWS))),
        ("a.csv", "x,y,z\n" + "".join(f'user,"{text}","{text}"\n' for text in TEXTS)),
    ],
)
def test_every_format_is_counted(collect, name, content):
    fact, _ = collect({name: content, OWN: CONTENT}, name)
    assert (fact.value, fact.origin) == (EXACT, "observed")


def test_copies_count_once_and_files_add_up(collect):
    files = {"a.jsonl": write_rows(), "b.jsonl": write_rows(), "c.jsonl": write_rows(["six"]), OWN: CONTENT}
    fact, _ = collect(files, "a.jsonl b.jsonl c.jsonl")
    assert (fact.value, fact.origin) == (EXACT + count("six"), "observed")


def test_rows_without_text_have_no_tokens(collect):
    fact, _ = collect({"a.jsonl": "1\n[]\n", OWN: CONTENT})
    assert (fact.value, fact.origin) == (0, "observed")


def test_a_part_of_a_file_is_not_counted(project, counted):
    reference = DatasetReference("a.jsonl", None, "train", Location("train.yaml"), limit=1)
    made = project({"a.jsonl": write_rows(), OWN: CONTENT}, datasets=(reference,))
    evidence = DataSources(deep=True).collect(made)
    assert "data.tokens" in evidence.unavailable
    assert counted == []


def test_much_text_is_estimated_from_a_sample(collect, counted, monkeypatch):
    monkeypatch.setattr(sample, "WHOLE", 60_000)
    monkeypatch.setattr(sample, "PART", 30_000)
    rows = [TEXTS[number % 4] * (1 + number % 5) for number in range(4000)]
    fact, _ = collect({"a.jsonl": write_rows(rows), OWN: CONTENT})
    assert fact.origin == "estimated"
    assert fact.value == pytest.approx(count(*rows), rel=0.05)
    assert fact.source.endswith("from a sample of 0.0 million characters")
    assert counted[0] < 1000


def test_a_tokenizer_that_only_the_manifest_names_gives_an_estimate(collect):
    told = {"told": (), "declared": (state("model.base", "models/base"),)}
    fact, _ = collect({"a.jsonl": write_rows(), OWN: CONTENT}, **told)
    assert (fact.value, fact.origin) == (EXACT, "estimated")
    assert fact.source.endswith("; only the manifest names it")


def test_the_cache_of_the_hub_counts(collect, hub, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(hub))
    fact, _ = collect({"a.jsonl": write_rows()}, base="acme/tiny")
    assert (fact.value, fact.origin) == (EXACT, "observed")
    assert fact.source == f"data files, by acme/tiny at {COMMIT[:12]}"
    told = (state("model.base", "acme/tiny", "observed"), state("model.revision", OTHER_COMMIT, "observed"))
    fact, _ = collect({"a.jsonl": write_rows()}, told=told)
    assert (fact.value, fact.origin) == (EXACT, "estimated")
    assert fact.source.endswith(f"at {COMMIT[:12]}; the project trains revision {'f' * 12}")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("not JSON", "cannot be used: expected"),
        (split_by("(a|aa)+$"), "it breaks on the text"),
        (spoil(normalizer={"type": "Replace", "pattern": {"Regex": "."}, "content": ""}), "makes 0 tokens of"),
    ],
)
def test_a_broken_tokenizer_leaves_the_estimate_and_its_reason(collect, content, reason):
    text = "a" * 50_000 + "b"
    fact, evidence = collect({"a.jsonl": write_rows([text]), OWN: content})
    assert (fact.value, fact.origin) == (12_501, "estimated")
    assert fact.source.startswith("data files, characters ÷ 4; models/base/tokenizer.json (")
    assert reason in fact.source
    assert evidence.unavailable["data.tokens"] == fact.source.partition("; ")[2]
    assert all(problem.level == "warning" for problem in evidence.problems)


def test_a_missing_library_is_said_beside_the_estimate(collect, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    fact, evidence = collect({"a.jsonl": write_rows(), OWN: CONTENT})
    assert (fact.value, fact.origin) == (ESTIMATE, "estimated")
    assert evidence.unavailable["data.tokens"].endswith("tokenizers is not installed: `pip install 'tunegate[data]'`")
    assert evidence.problems == ()


def test_a_link_out_of_the_repository_leaves_the_estimate(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "tokenizer.json"
    outside.write_text(CONTENT)
    files = {"a.jsonl": write_rows(), "models/base/config.json": "{}"}
    made = project(files, declared=(declare(train="a.jsonl"),))
    os.symlink(outside, os.path.join(made.root, OWN))
    evidence = DataSources(deep=True).collect(made)
    assert "leads outside the repository" in evidence.unavailable["data.tokens"]
    assert [problem.level for problem in evidence.problems] == ["warning"]


def test_what_was_counted_in_a_run_is_not_counted_again(collect, counted):
    collector = DataSources(deep=True)
    files = {"a.jsonl": write_rows(), OWN: CONTENT}
    first, second = (collect(files, collector=collector)[0] for _ in range(2))
    assert first == second
    assert len(counted) == 1
    collect({**files, "b.jsonl": write_rows()}, "b.jsonl", collector=collector)
    assert len(counted) == 1
    collect({**files, OWN: spoil(post_processor=None)}, collector=collector)
    assert len(counted) == 2


def test_what_breaks_in_a_run_is_not_tried_again(collect, counted):
    collector = DataSources(deep=True)
    files = {"a.jsonl": write_rows(), OWN: "{}"}
    first, second = (collect(files, collector=collector)[1] for _ in range(2))
    assert first == second
    assert len(counted) == 1


@pytest.fixture
def kept(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("POLICY_CACHE_DIR", str(folder))
    monkeypatch.delenv("POLICY_CACHE", raising=False)
    monkeypatch.setattr(cache_module, "SETTLED_SECONDS", 0)
    return folder / "data"


def test_what_was_counted_in_another_run_is_not_counted_again(collect, counted, kept):
    files = {"a.jsonl": write_rows(), OWN: CONTENT}
    first, _ = collect(files)
    assert collect(files)[0] == first
    assert len(counted) == 1
    assert len(list(kept.iterdir())) == 1
    assert collect({"b.jsonl": write_rows(["six"])}, "b.jsonl")[0].value == count("six")
    assert len(counted) == 2


@pytest.mark.usefixtures("kept")
def test_data_that_is_known_is_read_again_for_another_tokenizer_only(collect, counted, monkeypatch):
    monkeypatch.setattr(split_reader, "WORTH_KEEPING", 0)
    read = []

    def observe(path, shown, wanted):
        read.append(shown)
        return observe_file(path, shown, wanted)

    monkeypatch.setattr(split_reader, "observe_file", observe)
    files = {"a.jsonl": write_rows(), OWN: CONTENT}
    assert [collect(planted)[0].value for planted in (files, {})] == [EXACT, EXACT]
    assert read == ["a.jsonl"]
    fact, _ = collect({OWN: spoil(post_processor=None)})
    assert (fact.value, fact.origin) == (EXACT, "observed")
    assert read == ["a.jsonl", "a.jsonl"]
    assert len(counted) == 2


@pytest.mark.parametrize(
    "spoil_entry",
    [
        lambda _: {},
        lambda entry: entry | {"tokens": -1},
        lambda entry: entry | {"tokens": "5"},
        lambda entry: entry | {"tokens": True},
        lambda entry: entry | {"whole": 2},
        lambda entry: entry | {"more": 1},
        lambda entry: {name: value for name, value in entry.items() if name != "characters"},
    ],
)
def test_an_entry_that_is_not_sound_is_passed_over(collect, counted, kept, spoil_entry):
    files = {"a.jsonl": write_rows(), OWN: CONTENT}
    collect(files)
    (file,) = kept.iterdir()
    file.write_text(json.dumps(spoil_entry(json.loads(file.read_text()))))
    assert collect(files)[0].value == EXACT
    assert len(counted) == 2


def test_a_fault_is_not_kept_for_another_run(collect, counted, kept):
    files = {"a.jsonl": write_rows(), OWN: "{}"}
    collect(files)
    collect(files)
    assert len(counted) == 2
    assert not kept.exists()


def test_data_that_changes_meanwhile_is_not_counted(collect, monkeypatch, counted):
    monkeypatch.setattr(split_reader.SplitReader, "draw", lambda *_: None)
    original = split_reader.SplitReader.compare

    def compare(self, root, training, evaluation, drawn):
        found = original(self, root, training, evaluation, drawn)
        drawn.digests.append("another")
        return found

    monkeypatch.setattr(split_reader.SplitReader, "compare", compare)
    fact, _ = collect({"a.jsonl": write_rows(), OWN: CONTENT})
    assert fact.source.endswith("; the data was changed while it was read")
    assert counted == []


@pytest.mark.parametrize(
    ("counted", "characters", "value"),
    [
        (Counted(50, 100, False), 1000, 500),
        (Counted(1, 3, False), 100, 34),
        (Counted(7, 100, True), 999, 7),
        (Counted(0, 0, False), 10, 0),
    ],
)
def test_a_sample_is_scaled_and_a_whole_is_not(write_tokenizer, counted, characters, value):
    total = scale(write_tokenizer(), counted, characters)
    assert (total.value, total.origin) == (value, "observed" if counted.whole else "estimated")
