"""Tokenizers made for one test, and the projects that they belong to."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer as Library
from tokenizers import models, pre_tokenizers, processors, trainers

from policy.evidence.tokens.tokenizer import TOKENIZERS, Tokenizer, digest_content
from policy.model.fact import Fact, Members
from policy.plugins.contracts import Project

# With threads the library would complain of every process that is started later.
os.environ["TOKENIZERS_PARALLELISM"] = "false"

TEXTS = ["the order was sent on Monday", "your reply should stay warm", "naïve “quotes” 0123456789", "日本語 text"]
COMMIT, OTHER_COMMIT = "0123456789abcdef0123456789abcdef01234567", "f" * 40


def make_library() -> Library:
    """A small tokenizer as models have them: pairs of bytes, and what it puts round a text."""
    library = Library(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=alphabet, special_tokens=["<s>"], show_progress=False
    )
    library.train_from_iterator(TEXTS, trainer)
    library.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return library


LIBRARY = make_library()
CONTENT = LIBRARY.to_str()


def count(*texts: str) -> int:
    """What the library itself counts."""
    return sum(len(LIBRARY.encode(text, add_special_tokens=False).ids) for text in texts)


def spoil(**parts: Any) -> str:
    """The tokenizer with some of its parts replaced."""
    return json.dumps(json.loads(CONTENT) | parts)


def split_by(pattern: str) -> str:
    """The tokenizer, which cuts its text by a regular expression first."""
    kind = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return spoil(pre_tokenizer=kind)


def state(path: str, value: Any, origin: str = "declared") -> Fact:
    return Fact(path, value, origin)


def declare(**splits: str) -> Fact:
    """`data.sources` of files for each split."""
    records = tuple(
        {"path": Fact("path", name), "split": Fact("split", split)}
        for split, names in splits.items()
        for name in names.split()
    )
    return Fact("data.sources", Members(records, complete=True))


@pytest.fixture
def write_tokenizer(tmp_path: Path) -> Callable[..., Tokenizer]:
    """A tokenizer's file in a folder of its own."""

    def write(content: str | bytes = CONTENT, **parts: Any) -> Tokenizer:
        file = tmp_path / "kept.json"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return Tokenizer(TOKENIZERS, "kept", str(file), digest_content(str(file)), **parts)

    return write


@pytest.fixture
def project(plant: Callable[..., Path]) -> Callable[..., Project]:
    """A project of these files whose config tells its base model."""

    def make(files: dict[str, str | bytes] | None = None, base: str = "models/base", **options: Any) -> Project:
        root = plant({"ml-manifest.yaml": "", **(files or {})})
        told = options.pop("told", (state("model.base", base, "observed"),))
        return Project(str(root), "", options.pop("declared", ()), told=told, **options)

    return make


@pytest.fixture
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache as `huggingface_hub` keeps it, with one commit of `acme/tiny` that `main` stands for."""
    folder = tmp_path_factory.mktemp("hub")
    cache_commit(folder, "acme/tiny", COMMIT, "main")
    return folder


def cache_commit(folder: Path, model: str, commit: str, ref: str = "", content: str = CONTENT) -> Path:
    """Keep a commit of a model in a cache; the file of it."""
    kept = folder / f"models--{model.replace('/', '--')}"
    snapshot = kept / "snapshots" / commit
    for part in (snapshot, kept / "blobs", kept / "refs"):
        part.mkdir(parents=True, exist_ok=True)
    blob = kept / "blobs" / commit[::-1]
    blob.write_text(content)
    (snapshot / "tokenizer.json").symlink_to(f"../../blobs/{blob.name}")
    if ref:
        named = kept / "refs" / ref
        named.parent.mkdir(parents=True, exist_ok=True)
        named.write_text(commit)
    return blob
