from __future__ import annotations

import os

import pytest

from policy.errors import Location
from policy.evidence.data.byte_stream import ByteStream
from policy.evidence.tokens import finding
from policy.evidence.tokens.finding import find_tokenizer
from policy.evidence.tokens.tokenizer import NoTokenizerError
from policy.evidence.tokens.vocabularies import VOCABULARIES
from tests.evidence.tokens.conftest import COMMIT, CONTENT, OTHER_COMMIT, cache_commit, state

OWN = {"models/base/tokenizer.json": CONTENT}


def test_the_tokenizer_of_a_base_model_in_the_repository(project):
    found = find_tokenizer(project(OWN), {})
    assert found is not None
    assert (found.library, found.file, found.doubt) == ("tokenizers", "models/base/tokenizer.json", "")
    assert found.shown == f"models/base/tokenizer.json ({found.digest[:12]})"


def test_what_only_the_manifest_names_is_doubted(project):
    found = find_tokenizer(project(OWN, told=(), declared=(state("model.base", "models/base"),)), {})
    assert found is not None
    assert found.doubt == "only the manifest names it"


def test_a_path_is_one_from_the_file_that_names_it(project):
    told = (state("model.base", "base", "observed")._replace(location=Location("train/config.yaml", 1, 1)),)
    found = find_tokenizer(project({"train/base/tokenizer.json": CONTENT}, told=told), {})
    assert found is not None
    assert found.file == "train/base/tokenizer.json"


@pytest.mark.parametrize(
    ("told", "declared", "found"),
    [
        ((), (), ""),
        (("models/base",), ("models/other",), "models/base"),
        ((), ("models/other",), "models/other"),
        (("models/base", "models/base"), (), "models/base"),
        (("models/base", "models/other"), ("models/base",), ""),
        ((None,), ("models/other",), "models/other"),
    ],
)
def test_the_config_counts_before_the_manifest(project, told, declared, found):
    files = {**OWN, "models/other/tokenizer.json": CONTENT}
    facts = [
        tuple(state("model.base", value, origin) for value in values)
        for values, origin in ((told, "observed"), (declared, "declared"))
    ]
    chosen = find_tokenizer(project(files, told=facts[0], declared=facts[1]), {})
    assert (chosen.file if chosen else "") == (f"{found}/tokenizer.json" if found else "")


@pytest.mark.parametrize(
    "base", ["models/base", "models", "/etc", "../outside", "models/../..", "~/x", "a\0b", "x" * 5000, "$(x)", "."]
)
def test_a_folder_without_a_tokenizer_gives_none(project, base):
    assert find_tokenizer(project({"models/base/config.json": "{}"}, base), {}) is None


def refuse(project):
    with pytest.raises(NoTokenizerError) as caught:
        find_tokenizer(project, {})
    fault = caught.value
    assert fault.problem is not None
    assert (fault.problem.level, fault.problem.message) == ("warning", fault.reason)
    assert fault.problem.location == Location("models/base/tokenizer.json")
    return fault.reason


def test_a_link_out_of_the_repository_is_not_followed(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "tokenizer.json"
    outside.write_text(CONTENT)
    made = project({"models/base/config.json": "{}"})
    os.symlink(outside, os.path.join(made.root, "models/base/tokenizer.json"))
    assert "leads outside the repository by a symbolic link" in refuse(made)
    outside.unlink()
    assert "leads outside the repository by a symbolic link" in refuse(made)


def test_a_folder_that_is_a_link_out_is_no_folder_of_the_repository(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "tokenizer.json").write_text(CONTENT)
    made = project()
    os.mkdir(os.path.join(made.root, "models"))
    os.symlink(outside, os.path.join(made.root, "models/base"))
    assert find_tokenizer(made, {}) is None


def test_a_pipe_is_not_waited_for(project):
    made = project({"models/base/config.json": "{}"})
    os.mkfifo(os.path.join(made.root, "models/base/tokenizer.json"))
    assert "is a pipe, socket or device" in refuse(made)


def test_a_folder_in_its_place(project):
    assert "is a folder, not a file" in refuse(project({"models/base/tokenizer.json/x": ""}))


def test_a_large_file_is_refused_without_reading_it(project, monkeypatch):
    made = project(OWN)
    os.truncate(os.path.join(made.root, "models/base/tokenizer.json"), 100 * 1024**2)
    monkeypatch.setattr(ByteStream, "read", lambda *_: pytest.fail("it was read"))
    assert refuse(made) == "`models/base/tokenizer.json` cannot be read: it is larger than 64 MiB"


def test_the_cache_of_the_hub(project, hub):
    found = find_tokenizer(project(base="acme/tiny"), {"HF_HUB_CACHE": str(hub)})
    assert found is not None
    assert (found.shown, found.doubt, found.file) == (f"acme/tiny at {COMMIT[:12]}", "", "")
    assert find_tokenizer(project(base="acme/other"), {"HF_HUB_CACHE": str(hub)}) is None


def test_the_revision_that_is_trained(project, hub):
    told = (state("model.base", "acme/tiny", "observed"), state("model.revision", OTHER_COMMIT, "observed"))
    environment = {"HF_HUB_CACHE": str(hub)}
    found = find_tokenizer(project(told=told), environment)
    assert found is not None
    assert (found.shown, found.doubt) == (f"acme/tiny at {COMMIT[:12]}", f"the project trains revision {'f' * 12}")
    cache_commit(hub, "acme/tiny", OTHER_COMMIT)
    found = find_tokenizer(project(told=told), environment)
    assert found is not None
    assert (found.shown, found.doubt) == (f"acme/tiny at {'f' * 12}", "")


def test_a_folder_of_the_repository_counts_before_the_hub(project, hub):
    found = find_tokenizer(project({"acme/tiny/tokenizer.json": CONTENT}, "acme/tiny"), {"HF_HUB_CACHE": str(hub)})
    assert found is not None
    assert found.file == "acme/tiny/tokenizer.json"


def test_a_large_file_in_the_cache(project, hub):
    os.truncate(hub / "models--acme--tiny" / "blobs" / COMMIT[::-1], 100 * 1024**2)
    with pytest.raises(NoTokenizerError, match="in the Hugging Face cache cannot be read: it is larger") as caught:
        find_tokenizer(project(base="acme/tiny"), {"HF_HUB_CACHE": str(hub)})
    assert caught.value.problem is None
    assert str(hub) not in caught.value.reason


def test_a_model_of_openai_is_asked_of_its_own_cache(project, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(finding, "read_vocabulary", lambda *place: asked.append(place))
    assert find_tokenizer(project(base="gpt-4o-mini"), {"TIKTOKEN_CACHE_DIR": str(tmp_path)}) is None
    assert asked == [(str(tmp_path), "o200k_base")]
    assert "o200k_base" in VOCABULARIES
