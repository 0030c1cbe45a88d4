"""Licences from cards and descriptions, as `policy check` judges them."""

from __future__ import annotations

import json

import pytest

from policy.gates.cli.main import main

MANIFEST = """\
manifest: 1
project: tone
approach: fine-tuning
system: {use: commercial}
model: {base: models/base}
data:
  sources:
    - {path: data/train.jsonl, split: train}
release: {license: apache-2.0}
"""
DECLARED = MANIFEST.replace("split", "license: apache-2.0, split")
BASE = "---\nlicense: mit\n---\n"
CROISSANT = '{"@type": "Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0",\n "license": "https://spdx.org/licenses/MIT"}'
LICENSE_POLICIES = ("base-license", "base-license-review", "dataset-license-known", "licenses-compatible")


@pytest.fixture
def run(plant, monkeypatch, capsys):
    """What `policy check` prints of a project of these files."""

    def check(files, *options):
        folder = plant({"data/train.jsonl": '{"text": "a"}\n', "models/base/README.md": BASE, **files})
        monkeypatch.chdir(folder)
        main(["check", *options])
        return capsys.readouterr()

    return check


@pytest.fixture
def judge(run):
    """The decision on a project: outcomes of policies, contradictions, and the messages of warnings."""

    def check(files, gate="release"):
        printed = run(files, "-o", "json", "--gate", gate)
        report = json.loads(printed.out)
        assert report["errors"] == []
        (decision,) = report["decisions"]
        outcomes = {one["policy"]: one["outcome"] for one in decision["outcomes"]}
        warnings = [line.removeprefix("warning: ") for line in printed.err.split("\n") if line.startswith("warning: ")]
        return outcomes, decision, warnings

    return check


def write_card(license_):
    return f"---\npretty_name: Tickets\nlicense: {license_}\n---\n# Tickets\n"


def test_a_card_that_says_otherwise_contradicts_the_manifest(judge):
    outcomes, decision, warnings = judge({"ml-manifest.yaml": DECLARED, "data/README.md": write_card("cc-by-nc-4.0")})
    (found,) = decision["contradictions"]
    assert (found["field"], found["declared"], found["observed"]) == (
        "data.sources[].license",
        "apache-2.0",
        "cc-by-nc-4.0",
    )
    assert (found["source"], found["observed_at"]["file"], found["observed_at"]["line"]) == (
        "dataset card",
        "data/README.md",
        3,
    )
    assert found["declared_at"]["file"] == "ml-manifest.yaml"
    assert outcomes["declared-matches-observed"] == "fail"
    # The observed licence is judged: it may not be released as apache-2.0 for commercial use.
    assert outcomes["licenses-compatible"] == "fail"
    assert warnings == []


@pytest.mark.parametrize(
    ("license_", "known", "compatible"),
    [
        ("cc-by-4.0", "pass", "pass"),
        ("cc-by-nc-4.0", "pass", "fail"),
        ("CC-BY-ND-4.0", "pass", "fail"),
        ("acme-internal", "fail", "unknown"),
        ("MIT OR CC-BY-NC-4.0", "pass", "pass"),
        ("MIT License", "pass", "pass"),
    ],
)
def test_the_licence_of_a_card_is_judged_where_the_manifest_says_nothing(judge, license_, known, compatible):
    outcomes, decision, warnings = judge({"ml-manifest.yaml": MANIFEST, "data/README.md": write_card(license_)})
    assert (outcomes["dataset-license-known"], outcomes["licenses-compatible"]) == (known, compatible)
    assert (decision["contradictions"], warnings) == ([], [])
    # Evidence, not the manifest's word: nothing remains to be compared but what agrees.
    assert outcomes["declared-matches-observed"] == "pass"


@pytest.mark.parametrize("word", ["unknown", "other", "none", "NOASSERTION", "''"])
def test_a_card_that_names_no_licence_is_no_pass(judge, word):
    outcomes, decision, warnings = judge({"ml-manifest.yaml": MANIFEST, "data/README.md": write_card(word)})
    assert (outcomes["dataset-license-known"], outcomes["licenses-compatible"]) == ("fail", "unknown")
    assert decision["contradictions"] == []
    said = f"data/README.md:3:10: `data/README.md` says `{word}` where a licence is asked for"
    assert warnings == ([] if word == "''" else [said])
    # The manifest may know what the card does not.
    outcomes, decision, warnings = judge({"ml-manifest.yaml": DECLARED, "data/README.md": write_card(word)})
    assert (outcomes["dataset-license-known"], decision["contradictions"], warnings) == ("pass", [], [])


@pytest.mark.parametrize("manifest", [MANIFEST, DECLARED])
def test_a_card_and_croissant_metadata_that_differ_leave_it_unknown(judge, manifest):
    files = {"data/README.md": write_card("cc-by-4.0"), "data/croissant.json": CROISSANT}
    outcomes, decision, _ = judge({"ml-manifest.yaml": manifest, **files})
    assert outcomes["dataset-license-known"] == "fail"
    assert outcomes["licenses-compatible"] == "unknown"
    assert [found["field"] for found in decision["contradictions"]] == ["data.sources[].license"]
    files["data/README.md"] = write_card("mit")
    outcomes, decision, _ = judge({"ml-manifest.yaml": MANIFEST, **files})
    assert (outcomes["dataset-license-known"], decision["contradictions"]) == ("pass", [])


def test_a_card_with_several_licences_settles_nothing(judge):
    outcomes, _, warnings = judge({"ml-manifest.yaml": MANIFEST, "data/README.md": write_card("[mit, cc-by-nc-4.0]")})
    assert outcomes["dataset-license-known"] == "fail"
    assert warnings == ["data/README.md:3:11: `data/README.md` names several licences: `mit`, `cc-by-nc-4.0`"]


@pytest.mark.parametrize(
    ("license_", "outcomes"),
    [
        ("apache-2.0", ["pass", "pass", "pass", "pass"]),
        ("llama3.1", ["pass", "fail", "pass", "pass"]),
        ("cc-by-nc-4.0", ["fail", "unknown", "pass", "fail"]),
        # What is not known is neither a pass nor a licence that no table lists.
        ("other", ["unknown", "unknown", "pass", "unknown"]),
        ("[mit, isc]", ["unknown", "unknown", "pass", "unknown"]),
    ],
)
def test_the_base_models_card_is_judged(judge, license_, outcomes):
    found, decision, _ = judge({"ml-manifest.yaml": DECLARED, "models/base/README.md": write_card(license_)})
    expected = dict(zip(LICENSE_POLICIES, outcomes, strict=True))
    if license_ == "cc-by-nc-4.0":
        expected["base-license-review"] = "pass"
    assert {policy: found[policy] for policy in LICENSE_POLICIES} == expected
    settling = {one["policy"]: one["settle"] for one in decision["not_assessed"]}
    if outcomes[0] == "unknown":
        assert "`models/base/README.md` " in settling["base-license-review"]


def test_the_card_that_the_manifest_names_as_the_releases(judge):
    manifest = DECLARED.replace("release: {", "release: {model_card: CARD.md, ")
    outcomes, decision, _ = judge({"ml-manifest.yaml": manifest, "CARD.md": write_card("gemma")})
    assert [found["field"] for found in decision["contradictions"]] == ["release.license"]
    assert outcomes["licenses-compatible"] == "pass"


HOSTILE = '"\\e]0;owned\\a\\e[31mcc-by-nc-4.0"'


@pytest.mark.parametrize("manifest", [MANIFEST, DECLARED])
def test_a_licence_that_steers_a_terminal_reaches_none(run, manifest):
    printed = run({"ml-manifest.yaml": manifest, "data/README.md": write_card(HOSTILE)})
    assert "\x1b" not in printed.out + printed.err
    assert "\x07" not in printed.out + printed.err
    assert "the licence here is no name" in printed.err


def test_a_card_that_cannot_be_read_is_a_warning_and_no_fact(judge):
    outcomes, _, warnings = judge({"ml-manifest.yaml": MANIFEST, "data/README.md": "---\nlicense: [mit\n---\n"})
    assert outcomes["dataset-license-known"] == "fail"
    assert len(warnings) == 1
    assert warnings[0].startswith("data/README.md:2:10: the header of this card cannot be read: ")
