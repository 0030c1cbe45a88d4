"""Pipelines whose commands train a model: MLproject, dvc.yaml, Kubernetes and Kubeflow manifests, Databricks bundles.

Most of them train nothing, or run a script that says nothing by itself. A pipeline is only taken for a fine-tuning
where a command starts a known tool and says in its own arguments what to train; a command that names a config says
nothing, for that config is found by itself.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from policy.evidence.tools.commands import list_commands
from policy.evidence.tools.config_reading import ConfigReading, get_text
from policy.evidence.tools.llama_factory import LlamaFactoryReader
from policy.evidence.tools.trl import is_trl, read_trl
from policy.plugins.contracts import ConfigFacts
from policy.source.node import Document, Mapping

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.evidence.tools.commands import Command
    from policy.plugins.contracts import ConfigContext

# The commands of TRL's that train.
_TRL_METHODS = {
    **{word: word for word in ("sft", "dpo", "kto", "orpo", "grpo", "reward")},
    **dict.fromkeys(("rloo", "cpo", "online_dpo"), "other"),
    "distillation": "distillation",
}
# torchtune's recipes that train, by the words in their names.
_RECIPES = {
    "knowledge_distillation": "distillation",
    "dpo": "dpo",
    "ppo": "ppo",
    "grpo": "grpo",
    "finetune": "sft",
    "qat": "sft",
}
# What starts a script, with options of its own before those of the script.
_LAUNCHER = re.compile(r"(?:.*/)?(?:python[\d.]*|accelerate|torchrun|deepspeed)")
_TRL_SCRIPT = re.compile(r"(?:\S*/)?(?:trl[/.]|examples/)scripts[/.](\w+?)(?:\.py)?")
_LLAMA_FACTORY_SCRIPT = re.compile(r"(?:\S*/)?src/(?:train|train_bash)\.py|(?:llamafactory|llmtuner)\.launcher")
_CONFIG_ENDINGS = (".yaml", ".yml", ".json", ".toml")


class PipelineReader:
    """Reads pipelines whose commands fine-tune a model with TRL, LLaMA-Factory or torchtune."""

    name = "pipeline"
    # Options that its tools need, without which nothing is said in the command itself, and ends of recipes' names.
    marks: tuple[bytes, ...] = (b"--model_name_or_path", b"_single_device", b"_distributed")

    def recognise(self, root: Mapping) -> bool:
        return any(_find_tool(command) for command in list_commands(root))

    def read(self, document: Document, context: ConfigContext) -> ConfigFacts:
        root = document.root
        if not isinstance(root, Mapping):
            return ConfigFacts((), (), ())
        told = [
            read(command, Document(document.file, document.text, command.arguments), context)
            for command in list_commands(root)
            if (read := _find_tool(command))
        ]
        return _join(told)


def _find_tool(command: Command) -> Callable[[Command, Document, ConfigContext], ConfigFacts] | None:
    """What reads the arguments of a command that trains by them; None for any other."""
    if _names_config(command):
        return None
    if _find_trl(command) in _TRL_METHODS and is_trl(command.arguments):
        return _read_trl
    if _is_llama_factory(command) and LlamaFactoryReader().recognise(command.arguments):
        return _read_llama_factory
    if command.words[:2] == ("tune", "run") and _find_recipe(command):
        return _read_torchtune
    return None


def _find_trl(command: Command) -> str:
    """The command or the script of TRL's that is started; empty for none."""
    if command.words[0] == "trl":
        return command.words[1]
    script = _find_script(command, _TRL_SCRIPT)
    return script[1] if script else ""


def _is_llama_factory(command: Command) -> bool:
    if command.words[:2] == ("llamafactory-cli", "train"):
        return True
    # Scripts of others have the same name, and some of the same options.
    told = any(get_text(command.arguments, key) for key in ("stage", "finetuning_type"))
    return told and _find_script(command, _LLAMA_FACTORY_SCRIPT) is not None


def _find_script(command: Command, script: re.Pattern[str]) -> re.Match[str] | None:
    if not _LAUNCHER.fullmatch(command.words[0]):
        return None
    return next(filter(None, map(script.fullmatch, command.words)), None)


def _names_config(command: Command) -> bool:
    before = takewhile(lambda word: not word.startswith("--"), command.words)
    config = get_text(command.arguments, "config").split()
    return any(word.endswith(_CONFIG_ENDINGS) for word in (*before, *config[:1]))


def _read_trl(command: Command, document: Document, context: ConfigContext) -> ConfigFacts:
    return read_trl("trl", document, context, _TRL_METHODS[_find_trl(command)])


def _read_llama_factory(command: Command, document: Document, context: ConfigContext) -> ConfigFacts:
    if not command.is_open:
        return LlamaFactoryReader().read(document, context)
    # Some of its values are only known when it runs, and what a default stands for is not.
    return _start("llama-factory", command, document, context).finish(())


def _read_torchtune(command: Command, document: Document, context: ConfigContext) -> ConfigFacts:
    """What the name of a recipe tells; the config is one of torchtune's own, and stands elsewhere."""
    reading, recipe = _start("torchtune", command, document, context), _find_recipe(command)
    method = next(method for word, method in _RECIPES.items() if word in recipe)
    reading.state("training.method", method)
    if "lora" not in recipe:
        reading.state("training.adapter", "full")
    return reading.finish(())


def _start(tool: str, command: Command, document: Document, context: ConfigContext) -> ConfigReading:
    reading = ConfigReading(tool, command.arguments, document, context)
    reading.observe_training()
    return reading


def _find_recipe(command: Command) -> str:
    """The recipe that `tune run` starts, where it is one that trains."""
    plain = [word for word in command.words[2:] if not word.startswith("-") and "=" not in word]
    return next((word for word in plain if any(name in word for name in _RECIPES)), "")


def _join(told: list[ConfigFacts]) -> ConfigFacts:
    """What all commands tell alike, and the data of all."""
    if not told:
        return ConfigFacts((), (), ())
    values = [{fact.path: fact.value for fact in one.facts} for one in told]
    first, *others = values
    same = {path for path, value in first.items() if all(path in other and other[path] == value for other in others)}
    facts = tuple(fact for fact in told[0].facts if fact.path in same)
    datasets = tuple(reference for one in told for reference in one.datasets)
    return ConfigFacts(facts, datasets, tuple(problem for one in told for problem in one.problems))
