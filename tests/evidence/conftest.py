"""Configs and data files written for one test."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from pathlib import Path

import pytest

from policy.evidence.tools.alignment_handbook import AlignmentHandbookReader
from policy.evidence.tools.axolotl import AxolotlReader
from policy.evidence.tools.hyperpod import HyperPodReader
from policy.evidence.tools.llama_factory import LlamaFactoryReader
from policy.evidence.tools.pipelines import PipelineReader
from policy.evidence.tools.readers import RepositoryContext
from policy.evidence.tools.torchtune import TorchtuneReader
from policy.evidence.tools.trl import TrlReader
from policy.plugins.contracts import ConfigFacts, TrainingConfigReader
from policy.source.node import Mapping
from policy.source.yaml_reader import read_yaml

READERS: dict[str, TrainingConfigReader] = {
    reader.name: reader
    for reader in (
        AxolotlReader(),
        LlamaFactoryReader(),
        TorchtuneReader(),
        AlignmentHandbookReader(),
        TrlReader(),
        HyperPodReader(),
        PipelineReader(),
    )
}


@pytest.fixture
def plant(tmp_path: Path) -> Callable[[dict[str, str | bytes]], Path]:
    """Write files, by their paths, into a new folder."""

    def write(files: dict[str, str | bytes]) -> Path:
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return write


@pytest.fixture
def tell(tmp_path: Path) -> Callable[..., ConfigFacts | None]:
    """What the reader of a tool tells of a config; None where it does not recognise it."""

    def read(tool: str, text: str, file: str = "train.yaml", base: str = "") -> ConfigFacts | None:
        reader = READERS[tool]
        document = read_yaml(text.encode(), file, merge=True)
        if not any(mark in text.encode() for mark in reader.marks):
            return None
        if not (isinstance(document.root, Mapping) and reader.recognise(document.root)):
            return None
        return reader.read(document, RepositoryContext(str(tmp_path), posixpath.dirname(file), base))

    return read


@pytest.fixture
def values(tell: Callable[..., ConfigFacts | None]) -> Callable[..., dict[str, object]]:
    """Path to value of what the reader of a tool tells, without `data.sources`; the config must read cleanly."""

    def read(tool: str, text: str, **options: str) -> dict[str, object]:
        told = tell(tool, text, **options)
        assert told is not None
        assert told.problems == ()
        return {fact.path: fact.value for fact in told.facts if fact.path != "data.sources"}

    return read
