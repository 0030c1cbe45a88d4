"""The readers against configs that other people wrote; file and folder names are the labels they are scored by."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from policy.errors import PolicyError
from policy.evidence.data.collection import collect_sources
from policy.evidence.data.files import observe_file
from policy.evidence.tools.axolotl import AxolotlReader
from policy.evidence.tools.llama_factory import LlamaFactoryReader
from policy.evidence.tools.readers import RepositoryContext
from policy.plugins.contracts import ConfigFacts, TrainingConfigReader
from policy.source.node import Mapping
from policy.source.yaml_reader import read_yaml

READERS: dict[str, TrainingConfigReader] = {"axolotl": AxolotlReader(), "llama-factory": LlamaFactoryReader()}
OTHERS = ("torchtune", "alignment-handbook", "hyperpod-recipes", "croissant")
TRAINS_NOTHING = re.compile(r"accelerate/|inference/|merge_lora/|export_|deepspeed|evaluat|extras/nlg_eval")

METHODS = {
    "sft": "sft",
    "dpo": "dpo",
    "kto": "kto",
    "orpo": "orpo",
    "grpo": "grpo",
    "ppo": "ppo",
    "reward": "reward",
    "rm": "reward",
    "pretrain": "continued-pretraining",
    "gdpo": "other",
    "ebft": "other",
}
ADAPTERS = {
    "qlora": "qlora",
    "lora": "lora",
    "dora": "dora",
    "oft": "oft",
    "qoft": "oft",
    "full": "full",
    "fft": "full",
    "ft": "full",
    "freeze": "freeze",
}
# The file sets no adapter, whatever its name says.
MISNAMED = {"examples/llama-3/qlora-1b-gdpo.yaml: full, not qlora"}


class Config(NamedTuple):
    tool: str
    file: str
    told: ConfigFacts | None
    error: str = ""

    @property
    def words(self) -> list[str]:
        """The words of the path, the file's own before those of the folders."""
        return [word for part in reversed(self.file.split("/")) for word in re.split(r"[-_.]", part.lower())]

    def get(self, path: str) -> object:
        return next((fact.value for fact in self.told.facts if fact.path == path), None) if self.told else None


def read_corpus(corpus: Path, tool: str, reader: TrainingConfigReader) -> Iterator[Config]:
    root = corpus / tool
    for path in sorted(path for path in root.rglob("*") if path.suffix in (".yaml", ".yml", ".json")):
        data, file = path.read_bytes(), path.relative_to(root).as_posix()
        if file.startswith("data/") or not any(mark in data for mark in reader.marks):
            yield Config(tool, file, None)
            continue
        try:
            document = read_yaml(data, file, merge=True)
        except PolicyError as error:
            yield Config(tool, file, None, str(error))
            continue
        known = isinstance(document.root, Mapping) and reader.recognise(document.root)
        context = RepositoryContext(str(root), posixpath.dirname(file))
        yield Config(tool, file, reader.read(document, context) if known else None)


def label(config: Config, names: dict[str, str]) -> str | None:
    """What the names of file and folders say; the folder train_qlora counts more than a file that says lora."""
    words = config.words
    if names is ADAPTERS and "qlora" in words:
        return "qlora"
    return next((names[word] for word in words if word in names), None)


def score(configs: list[Config], names: dict[str, str], path: str) -> tuple[int, int, list[str]]:
    """How many are labelled, how many of those are told alike, and which are not."""
    labelled = [config for config in configs if config.told and label(config, names)]
    wrong = [
        f"{config.file}: {config.get(path)}, not {label(config, names)}"
        for config in labelled
        if config.get(path) != label(config, names)
    ]
    return len(labelled), len(labelled) - len(wrong), wrong


@pytest.mark.parametrize("tool", READERS)
def test_configs_are_told_from_other_files_and_read_as_their_names_say(corpus, tool, record_property):
    configs = [config for config in read_corpus(corpus, tool, READERS[tool]) if not config.file.startswith("data/")]
    training = [config for config in configs if not TRAINS_NOTHING.search(config.file)]
    missed = [config.file for config in training if config.told is None]
    alarms = [config.file for config in configs if config.told and TRAINS_NOTHING.search(config.file)]
    errors = [config.error for config in configs if config.error]
    methods, methods_right, methods_wrong = score(configs, METHODS, "training.method")
    adapters, adapters_right, adapters_wrong = score(configs, ADAPTERS, "training.adapter")
    record_property(
        "score",
        f"{tool}: {len(configs)} files, {len(training) - len(missed)} of {len(training)} training configs"
        f" recognised, method right {methods_right} of {methods} labelled,"
        f" adapter right {adapters_right} of {adapters}, false alarms {len(alarms)}, errors {len(errors)}",
    )
    assert errors == []
    assert missed == []
    assert alarms == []
    assert methods_wrong == []
    assert set(adapters_wrong) <= MISNAMED


@pytest.mark.parametrize("tool", READERS)
def test_every_config_tells_the_essentials(corpus, tool):
    for config in read_corpus(corpus, tool, READERS[tool]):
        if config.told:
            paths = {fact.path for fact in config.told.facts}
            assert paths >= {
                "approach",
                "training.tool",
                "training.config",
                "training.method",
                "training.adapter",
                "training.seed",
                "training.validation",
                "model.base",
                "model.revision",
                "model.remote_code",
                "data.sources",
            }
            assert all(fact.location and fact.location.file == config.file for fact in config.told.facts)
            assert config.told.datasets


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_no_reader_claims_another_tools_files(corpus, reader):
    others = [tool for tool in (*OTHERS, *READERS) if tool != reader.name]
    configs = [config for tool in others for config in read_corpus(corpus, tool, reader)]
    assert len(configs) > 100
    assert [config.file for config in configs if config.told] == []


def test_rows_of_real_data(corpus):
    folder = corpus / "llama-factory" / "data"
    expected = {
        "identity.json": 91,
        "alpaca_en_demo.json": 999,
        "glaive_toolcall_en_demo.json": 300,
        "kto_en_demo.json": 300,
        "c4_demo.jsonl": 300,
        "v1_dpo_demo.jsonl": 10,
        "v1_sft_demo.jsonl": 500,
        "dataset_info.json": None,
    }
    assert {name: observe_file(str(folder / name), name).rows for name in expected} == expected


def collect_of(corpus: Path, file: str) -> dict[str, object]:
    root = corpus / "llama-factory"
    reader = READERS["llama-factory"]
    document = read_yaml((root / file).read_bytes(), file, merge=True)
    told = reader.read(document, RepositoryContext(str(root), posixpath.dirname(file)))
    evidence = collect_sources(str(root), "", None, told.datasets, {})
    assert evidence.unavailable == {}
    return {fact.path: fact.value for fact in evidence.facts}


def test_a_real_config_leads_to_its_data(corpus):
    told = collect_of(corpus, "examples/train_full/qwen3_full_sft.yaml")
    assert told["data.rows"] == 91 + 999
    assert told["data.bytes"] == 20306 + 859893


def test_known_values_of_real_configs(corpus):
    configs = {config.file: config for tool in READERS for config in read_corpus(corpus, tool, READERS[tool])}
    assert configs["examples/mimo/mimo-7b-qlora.yaml"].get("model.revision") == "6299b5a"
    assert configs["examples/ascend/qwen3moe_full_sft_fsdp.yaml"].get("training.seed") == 1234
    # It sets 500 steps, so how often it passes over its data is open.
    assert configs["examples/ascend/qwen3moe_full_sft_fsdp.yaml"].get("training.epochs") is None
    assert configs["examples/mistral/lora.yml"].get("training.validation") is True
