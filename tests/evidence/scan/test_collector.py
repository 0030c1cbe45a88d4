from __future__ import annotations

import os

import pytest

from policy.errors import Location
from policy.evidence.scan import collector as module
from policy.evidence.scan import files, kept
from policy.evidence.scan.collector import DataScan
from policy.model.fact import Fact, Members
from policy.plugins.contracts import Collector, DatasetReference, Project
from tests.evidence.scan.plants import PERSONAL, SECRETS

KEY = SECRETS["slack-token"][0]
EMAIL = PERSONAL["email"][0]
HERE = Location("train.yaml", 3, 5)


def declare(*sources: dict[str, str]) -> Fact:
    records = tuple({key: Fact(key, value) for key, value in source.items()} for source in sources)
    return Fact("data.sources", Members(records, complete=True))


def collect(root, *sources, datasets=(), folder=""):
    collector: Collector = DataScan()
    declared = (declare(*({"path": source} if isinstance(source, str) else source for source in sources)),)
    evidence = collector.collect(Project(str(root), folder, declared if sources else (), tuple(datasets)))
    values = {fact.path: fact.value for fact in evidence.facts}
    assert set(values) | set(evidence.unavailable) <= set(collector.observes)
    return evidence, values


def test_totals_over_all_files_are_observed(plant):
    root = plant({"p/a.jsonl": f"{KEY}\n{EMAIL} {EMAIL}\n", "p/b.csv": f"x,{KEY}\n", "p/clean.txt": "nothing\n"})
    evidence, values = collect(root, "a.jsonl", "b.csv", "clean.txt", folder="p")
    assert values == {"data.secrets": 2, "data.personal_data": 2}
    assert {(fact.origin, fact.source) for fact in evidence.facts} == {("observed", "data scan")}
    assert evidence.unavailable == {}


def test_places_are_said_by_kind_and_number_as_a_warning(plant):
    root = plant({"a.jsonl": "\n" + f"  {KEY}\n" * 7 + f"{EMAIL}\n"})
    evidence, _ = collect(root, "a.jsonl")
    secrets, personal = evidence.problems
    assert secrets.message == "`a.jsonl` holds 7 secrets: 7 slack-token"
    assert secrets.location == Location("a.jsonl", 2, 3)
    assert [str(place) for _, place in secrets.related] == [f"a.jsonl:{line}:3" for line in range(3, 9)]
    assert secrets.level == "warning"
    # A location that ends is quoted with its line.
    assert not any(place.end_line for place in (secrets.location, *(place for _, place in secrets.related)))
    assert personal.message == "`a.jsonl` holds 1 place with personal data: 1 email"
    assert personal.remedy


def test_clean_files_are_observed_as_none_without_a_word(plant):
    evidence, values = collect(plant({"a.jsonl": '{"text": "clean"}\n'}), "a.jsonl")
    assert values == {"data.secrets": 0, "data.personal_data": 0}
    assert evidence.problems == ()


def test_nothing_is_observed_where_nothing_is_named(tmp_path):
    evidence, values = collect(tmp_path)
    assert (values, evidence.unavailable, evidence.problems) == ({}, {}, ())


def test_the_files_of_the_config_count_and_each_file_once(plant):
    root = plant({"a.txt": KEY, "b.txt": KEY})
    os.symlink("b.txt", root / "link.txt")
    datasets = [DatasetReference(path, None, "train", HERE) for path in ("a.txt", "b.txt", "link.txt")]
    _, values = collect(root, "./a.txt", datasets=datasets)
    assert values["data.secrets"] == 2


@pytest.mark.parametrize(("split", "wanted"), [("train", 1), ("validation", 1), ("test", 0)])
def test_training_and_validation_are_scanned(split, wanted, plant):
    root = plant({"a.txt": KEY, "clean.txt": ""})
    _, values = collect(root, {"path": "a.txt", "split": split}, "clean.txt")
    assert values["data.secrets"] == wanted
    _, values = collect(root, "clean.txt", datasets=[DatasetReference("a.txt", None, split, HERE)])
    assert values["data.secrets"] == wanted


@pytest.mark.parametrize(
    ("sources", "datasets", "reason"),
    [
        (["missing.txt"], [], "`missing.txt` does not exist"),
        (["../other.txt"], [], "`../other.txt` is outside the repository"),
        ([{"name": "org/data"}], [], "`org/data` is not a file of the repository"),
        (["zipped.gz"], [], "`zipped.gz` is not scanned: the compressed data ends too early"),
        (["pipe"], [], "`pipe` is a pipe, socket or device, not a file"),
        ([], [DatasetReference(None, "org/data", "train", HERE)], "`org/data` is not a file of the repository"),
        (
            [],
            [DatasetReference(None, None, "train", HERE)],
            "`a dataset that the config names` is not a file of the repository",
        ),
        (
            [],
            [DatasetReference("clean.txt", None, "train", HERE, resolved=False)],
            "what `clean.txt` stands for could not be made out",
        ),
    ],
)
def test_what_is_not_scanned_leaves_both_unknown_and_says_why(sources, datasets, reason, plant):
    root = plant({"clean.txt": "clean", "zipped.gz": b"\x1f\x8b\x08"})
    os.mkfifo(root / "pipe")
    evidence, values = collect(root, "clean.txt", *sources, datasets=datasets)
    assert values == {}
    assert evidence.unavailable == {"data.secrets": reason, "data.personal_data": reason}


def test_what_is_found_is_said_where_another_file_is_unknown(plant):
    evidence, values = collect(plant({"a.txt": KEY}), "missing.txt", "a.txt")
    assert values == {}
    gap = "`missing.txt` does not exist"
    assert evidence.unavailable == {
        "data.secrets": f"{gap}; in the other files at least 1 found",
        "data.personal_data": gap,
    }
    assert [problem.message for problem in evidence.problems] == ["`a.txt` holds 1 secret: 1 slack-token"]


def test_a_file_is_scanned_once_while_it_is_kept_and_again_when_it_changed(plant, monkeypatch):
    scanned = []
    scan = files.scan_file

    def count(path, families):
        scanned.append(os.path.basename(path))
        return scan(path, families)

    monkeypatch.setattr(kept, "scan_file", count)
    monkeypatch.setattr(module, "MOST_KEPT", 1)
    root = plant({"a": "", "b": ""})
    collector = DataScan()
    for name in "aab":
        collector.collect(Project(str(root), "", (declare({"path": name}),)))
    plant({"b": "longer"})
    for name in "ba":
        collector.collect(Project(str(root), "", (declare({"path": name}),)))
    assert scanned == ["a", "b", "b", "a"]


def test_the_data_of_other_people(corpus, record_property):
    """False alarms are counted in the open: addresses of contact in the texts, and passwords made up for examples."""
    folder = corpus / "llama-factory/data"
    names = sorted(path.name for path in folder.iterdir() if path.suffix in (".json", ".jsonl"))
    for name in names:
        evidence, values = collect(folder, name)
        found = [problem.message.partition(": ")[2] for problem in evidence.problems]
        record_property("score", f"{name} {values} {found}")
        assert values["data.secrets"] < 20
        assert values["data.personal_data"] < 80
        kinds = " ".join(problem.message for problem in evidence.problems)
        assert not any(kind in kinds for kind in (*SECRETS, "payment-card", "iban", "-nir", "-bsn", "-ssn"))
