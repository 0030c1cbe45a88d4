"""The licences of data and models, as facts."""

from __future__ import annotations

from hashlib import sha256

import pytest

from policy.errors import Location
from policy.evidence.licenses.collector import Licenses
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from policy.plugins.contracts import DatasetReference, Project

CARD = "---\npretty_name: Tickets\nlicense: cc-by-nc-4.0\n---\n"
MODEL = "---\nlibrary_name: peft\nlicense: {}\n---\n"
CROISSANT = '{{"@type": "Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0",\n "license": "{}"}}'
PLACE = Location("bots/ml-manifest.yaml", 1)


def declare(*sources, **facts):
    members = tuple({name: Fact(name, value) for name, value in source.items()} for source in sources)
    listed = (Fact("data.sources", Members(members, complete=True)),) if sources else ()
    return (*listed, *(Fact(path.replace("__", "."), value, location=PLACE) for path, value in facts.items()))


@pytest.fixture
def collect(plant):
    """What is observed in a repository of these files for the manifest in bots/, and all facts about it."""

    def look(files, declared=(), **project):
        root = plant({f"bots/{name}": content for name, content in files.items()})
        evidence = Licenses().collect(Project(str(root), "bots", declared, **project))
        claims = (*declared, *project.get("told", ()), *evidence.facts)
        return evidence, Facts(claims, unavailable=evidence.unavailable)

    return look


def get_licenses(facts):
    listed = facts.values.get("data.sources", Members((), complete=False)).items
    return {member.get("path"): member.get("license") for member in listed}


TRAIN = {"path": "data/train.jsonl"}


def test_the_licence_of_a_data_file_is_that_of_its_card(collect):
    evidence, facts = collect({"data/README.md": CARD}, declare(TRAIN, {"name": "org/elsewhere"}))
    assert get_licenses(facts) == {"data/train.jsonl": "cc-by-nc-4.0", None: None}
    (fact,) = evidence.facts
    (member,) = fact.value.items
    place = Location("bots/data/README.md", 3, 10, 3, 22)
    digest = sha256(CARD.encode()).hexdigest()
    assert member["license"] == Fact("license", "cc-by-nc-4.0", "observed", "dataset card", place, digest)
    assert evidence.problems == ()
    # The manifest's list is the whole one; what is found beside it does not open it.
    assert facts.values["data.sources"].complete


def test_data_that_only_the_config_names(collect):
    references = (
        DatasetReference("bots/data/train.jsonl", None, "train", PLACE),
        DatasetReference(None, "org/elsewhere", "train", PLACE),
    )
    evidence, facts = collect({"data/README.md": CARD}, datasets=references)
    assert get_licenses(facts) == {"data/train.jsonl": "cc-by-nc-4.0"}
    assert evidence.facts[0].value.complete is False


@pytest.mark.parametrize(
    "license_", ["CC-BY-NC-4.0", "CC BY-NC 4.0", "https://creativecommons.org/licenses/by-nc/4.0/"]
)
def test_another_spelling_is_no_contradiction(collect, license_):
    _, facts = collect({"data/README.md": CARD}, declare({**TRAIN, "license": license_}))
    assert facts.contradictions == ()
    assert facts.values["evidence.contradictions"] == 0


def test_a_card_that_says_something_else_contradicts_the_manifest(collect):
    _, facts = collect({"data/README.md": CARD}, declare({**TRAIN, "license": "apache-2.0"}))
    (found,) = facts.contradictions
    assert (found.path, found.claim.value, found.against.value) == (
        "data.sources[].license",
        "cc-by-nc-4.0",
        "apache-2.0",
    )
    assert get_licenses(facts) == {"data/train.jsonl": "cc-by-nc-4.0"}


@pytest.mark.parametrize("declared", [{}, {"license": "cc-by-nc-4.0"}])
def test_two_descriptions_that_differ_leave_it_unknown(collect, declared):
    files = {"data/README.md": CARD, "data/croissant.json": CROISSANT.format("mit")}
    _, facts = collect(files, declare({**TRAIN, **declared}))
    (found,) = facts.contradictions
    assert {found.claim.source, found.against.source} == {"dataset card", "Croissant metadata"}
    assert get_licenses(facts) == {"data/train.jsonl": None}


def test_two_descriptions_that_agree_are_one(collect):
    url = "https://creativecommons.org/licenses/by-nc/4.0/"
    files = {"data/README.md": CARD, "data/croissant.json": CROISSANT.format(url)}
    _, facts = collect(files, declare(TRAIN))
    assert facts.contradictions == ()
    assert get_licenses(facts) == {"data/train.jsonl": "cc-by-nc-4.0"}


def test_a_card_with_several_licences_tells_none_and_names_them(collect):
    evidence, facts = collect({"data/README.md": "---\nlicense: [mit, cc0-1.0]\n---\n"}, declare(TRAIN))
    assert get_licenses(facts) == {"data/train.jsonl": None}
    (problem,) = evidence.problems
    assert problem.message == "`bots/data/README.md` names several licences: `mit`, `cc0-1.0`"
    assert problem.location == Location("bots/data/README.md", 2, 11, 2, 14)


@pytest.mark.parametrize("word", ["unknown", "other", "none"])
def test_a_card_that_names_none_does_not_speak_against_the_manifest(collect, word):
    card = {"data/README.md": f"---\nlicense: {word}\n---\n"}
    evidence, facts = collect(card, declare({**TRAIN, "license": "mit"}))
    assert (evidence.facts, evidence.problems, facts.contradictions) == ((), (), ())
    evidence, facts = collect(card, declare(TRAIN, {"path": "data/test.jsonl"}))
    assert get_licenses(facts) == {"data/train.jsonl": None, "data/test.jsonl": None}
    assert [problem.message for problem in evidence.problems] == [
        f"`bots/data/README.md` says `{word}` where a licence is asked for"
    ]


def test_of_two_entries_for_one_file_the_first_is_meant(collect):
    first, second = {**TRAIN, "license": "cc-by-nc-4.0"}, {**TRAIN, "license": "mit", "split": "test"}
    _, facts = collect({"data/README.md": CARD}, declare(first, second))
    assert facts.contradictions == ()


@pytest.mark.parametrize("path", ["../../train.jsonl", "/data/train.jsonl", "../../../x/train.jsonl"])
def test_nothing_outside_is_looked_at(collect, path):
    evidence, _ = collect({}, declare({"path": path}))
    assert (evidence.facts, evidence.problems) == ((), ())


# The base model


@pytest.mark.parametrize(
    ("files", "license_"),
    [
        ({"models/base/README.md": MODEL.format("gemma")}, "gemma"),
        ({"models/base/README.md": "---\nlicense: gemma\n---\n"}, "gemma"),
        ({"models/base/README.md": CARD + "x", "models/base/config.json": "{}"}, "cc-by-nc-4.0"),
        ({"models/base/README.md": "---\nlicense: mit\ntask_ids: [qa]\n---\n"}, None),
        ({"models/base/config.json": "{}", "README.md": MODEL.format("mit")}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("told", [True, False])
def test_the_base_models_card_beside_its_weights(collect, files, license_, told):
    base = declare(model__base="models/base")
    evidence, facts = collect(files, () if told else base, told=base if told else ())
    assert facts.values.get("model.license") == license_
    assert all(fact.source == "model card" for fact in evidence.facts)


@pytest.mark.parametrize("base", [".", "./", "models/..", "org/model", "/etc", "../..", "\0"])
def test_the_projects_own_card_is_not_the_base_models(collect, base):
    _, facts = collect({"README.md": MODEL.format("mit")}, declare(model__base=base))
    assert "model.license" not in facts.values


def test_a_base_model_in_another_word_of_the_manifest(collect):
    files = {"models/base/README.md": MODEL.format("llama3.1")}
    _, facts = collect(files, declare(model__base="models/base", model__license="apache-2.0"))
    assert [found.path for found in facts.contradictions] == ["model.license"]
    assert facts.values["model.license"] == "llama3.1"


@pytest.mark.parametrize(
    ("license_", "reason"),
    [
        ("other", "`bots/models/base/README.md` says `other` where a licence is asked for"),
        ("[mit, isc]", "`bots/models/base/README.md` names several licences: `mit`, `isc`"),
    ],
)
def test_why_the_base_models_licence_is_not_known(collect, license_, reason):
    files = {"models/base/README.md": MODEL.format(license_)}
    evidence, facts = collect(files, declare(model__base="models/base"))
    assert "model.license" not in facts.values
    assert evidence.unavailable == {"model.license": reason}
    evidence, facts = collect(files, declare(model__base="models/base", model__license="mit"))
    assert (dict(evidence.unavailable), facts.contradictions) == ({}, ())


# The release


def test_the_licence_of_the_release_is_that_of_the_card_which_the_manifest_names(collect):
    files = {"cards/release.md": MODEL.format("apache-2.0"), "README.md": MODEL.format("mit")}
    _, facts = collect(files, declare(release__model_card="cards/release.md"))
    assert facts.values["release.license"] == "apache-2.0"
    _, facts = collect(files, declare(release__model_card="cards/release.md", release__license="gemma"))
    assert [found.path for found in facts.contradictions] == ["release.license"]


def test_a_card_that_nobody_names_is_not_taken_for_the_releases(collect):
    evidence, _ = collect({"README.md": MODEL.format("mit")}, declare(TRAIN))
    assert evidence.facts == ()


@pytest.mark.parametrize("path", ["missing.md", "../../outside.md", "/etc/passwd", "data/card.md"])
def test_a_card_of_the_release_that_tells_nothing(collect, path):
    files = {"data/card.md": "---\nlicense: mit\ntask_ids: [qa]\n---\n"}
    evidence, _ = collect(files, declare(release__model_card=path))
    assert (evidence.facts, evidence.problems) == ((), ())
