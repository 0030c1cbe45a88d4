from __future__ import annotations

import hashlib
import os
import tempfile

import pytest

from policy.evidence.tokens import vocabularies as module
from policy.evidence.tokens.tokenizer import NoTokenizerError
from policy.evidence.tokens.vocabularies import (
    VOCABULARIES,
    Vocabulary,
    find_encoding,
    find_folder,
    read_vocabulary,
)


def name_file(address):
    return hashlib.sha1(address.encode()).hexdigest()


def test_places_and_digests_are_those_of_tiktoken(monkeypatch):
    openai_public = pytest.importorskip("tiktoken_ext.openai_public")
    asked = []
    monkeypatch.setattr(
        openai_public, "load_tiktoken_bpe", lambda address, expected_hash=None: asked.append((address, expected_hash))
    )
    for encoding, vocabulary in VOCABULARIES.items():
        openai_public.ENCODING_CONSTRUCTORS[encoding]()
        assert asked.pop() == vocabulary


def test_encodings_are_those_of_tiktoken():
    model = pytest.importorskip("tiktoken.model")
    names = {
        **model.MODEL_TO_ENCODING,
        **{
            f"{start}2024" if start.endswith("-") else start: name
            for start, name in model.MODEL_PREFIX_TO_ENCODING.items()
        },
    }
    # Embeddings are not tuned.
    tuned = {
        name: encoding
        for name, encoding in names.items()
        if encoding in VOCABULARIES and not name.startswith("text-embedding")
    }
    assert len(tuned) > 20
    assert {name: find_encoding(name) for name in tuned} == tuned


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o-mini-2024-07-18", "o200k_base"),
        ("openai/gpt-4.1-nano", "o200k_base"),
        ("azure/gpt-4o", "o200k_base"),
        ("ft:gpt-4o-mini-2024-07-18:acme::abc", "o200k_base"),
        ("GPT-4o", "o200k_base"),
        ("ft:gpt-3.5-turbo-0125:acme::abc", "cl100k_base"),
        ("gpt-35-turbo", "cl100k_base"),
        ("gpt-4", "cl100k_base"),
        ("gpt-4-0613", "cl100k_base"),
        ("davinci-002", "cl100k_base"),
        ("ft:babbage-002:acme::abc", "cl100k_base"),
        ("openai/gpt-oss-20b", ""),
        ("gpt2", ""),
        ("mistralai/Mistral-7B", ""),
        ("acme/gpt-4o", ""),
        ("o1x", ""),
        ("", ""),
    ],
)
def test_the_encoding_follows_from_the_name(model, encoding):
    assert find_encoding(model) == encoding


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, os.path.join(tempfile.gettempdir(), "data-gym-cache")),
        ({"DATA_GYM_CACHE_DIR": "/d"}, "/d"),
        ({"DATA_GYM_CACHE_DIR": "/d", "TIKTOKEN_CACHE_DIR": "/t"}, "/t"),
        ({"TIKTOKEN_CACHE_DIR": ""}, ""),
    ],
)
def test_the_folder_is_where_tiktoken_keeps_it(environment, folder):
    assert find_folder(environment) == folder


@pytest.fixture
def vocabulary(tmp_path, monkeypatch):
    content = b"YQ== 0\n"
    known = Vocabulary("https://vocabularies.example/tiny", hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(module.VOCABULARIES, "tiny", known)
    file = tmp_path / name_file(known.address)
    file.write_bytes(content)
    return file


def test_a_kept_vocabulary_is_read(vocabulary):
    found = read_vocabulary(str(vocabulary.parent), "tiny")
    assert found is not None
    assert (found.library, found.name, found.path) == ("tiktoken", "tiny", str(vocabulary))


@pytest.mark.parametrize("folder", ["", "relative", "/nowhere"])
def test_what_is_not_kept_is_not_found(folder):
    assert read_vocabulary(folder, "o200k_base") is None


def test_a_vocabulary_with_other_content_is_refused_and_left_alone(vocabulary):
    vocabulary.write_bytes(b"YQ== 1\n")
    with pytest.raises(NoTokenizerError, match="tiny is not the one that OpenAI publishes"):
        read_vocabulary(str(vocabulary.parent), "tiny")
    assert vocabulary.read_bytes() == b"YQ== 1\n"


def test_a_pipe_in_its_place_is_not_waited_for(vocabulary):
    vocabulary.unlink()
    os.mkfifo(vocabulary)
    with pytest.raises(NoTokenizerError, match="cannot be read: this is not a regular file"):
        read_vocabulary(str(vocabulary.parent), "tiny")


def test_a_dead_link_in_its_place_is_said(vocabulary):
    vocabulary.unlink()
    vocabulary.symlink_to("nowhere")
    with pytest.raises(NoTokenizerError, match="cannot be read: No such file"):
        read_vocabulary(str(vocabulary.parent), "tiny")
