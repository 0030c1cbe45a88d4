"""How well training configs are told and read, against what the names of files and folders say they are.

`python benchmarks/corpus_score.py FOLDER`, where FOLDER has one folder a tool, such as `axolotl` or `torchtune`; with
`benchmarks/run.py corpus_score` the folder is that of the environment variable CORPUS.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policy.plugins.contracts import ConfigFacts, TrainingConfigReader

ENDINGS = (".yaml", ".yml", ".json")
# What a tool's own files may be recognised as; files of any other folder are nobody's training configs.
TOOLS = {
    "axolotl": ("axolotl",),
    "llama-factory": ("llama-factory",),
    "torchtune": ("torchtune",),
    "alignment-handbook": ("alignment-handbook", "trl"),
    "trl": ("trl",),
    "hyperpod-recipes": ("hyperpod",),
}
# Names of what trains nothing, and of data.
NOTHING = re.compile(r"^data/|accelerate|inference/|merge_lora/|export_|deepspeed|eval|generat|quantiz|quantis")
METHODS = {
    **{word: word for word in ("sft", "dpo", "kto", "orpo", "grpo", "ppo", "reward")},
    **dict.fromkeys(("rm", "rewardmodel"), "reward"),
    **dict.fromkeys(("pretrain", "cpt"), "continued-pretraining"),
    **dict.fromkeys(("kd", "distill"), "distillation"),
    **dict.fromkeys(("gdpo", "ebft", "rft", "mtrl"), "other"),
}
ADAPTERS = {
    **{word: word for word in ("qlora", "lora", "dora", "oft", "freeze")},
    **dict.fromkeys(("qdora",), "dora"),
    **dict.fromkeys(("qoft",), "oft"),
    **dict.fromkeys(("full", "fft", "ft"), "full"),
}
# The folder train_qlora counts more than a file in it that says lora.
STRONGEST = "qlora"
# They set no adapter, whatever their names say.
MISNAMED = {"axolotl/examples/llama-3/qlora-1b-gdpo.yaml": "training.adapter"}
LEAST_RIGHT = 0.98
WORD_ENDS = re.compile(r"[^a-z0-9]+")


class Scored(NamedTuple):
    """One file: the readers that recognise it, and what the first of them tells."""

    tool: str
    file: str
    recognised: tuple[str, ...] = ()
    told: ConfigFacts | None = None
    error: str = ""

    @property
    def trains(self) -> bool:
        """Whether its name says that it is a training config."""
        return self.tool in TOOLS and not NOTHING.search(self.file)

    @property
    def is_alarm(self) -> bool:
        """Whether it is recognised as what it is not."""
        expected = TOOLS.get(self.tool, ()) if self.trains else ()
        return bool(self.recognised) and (len(self.recognised) > 1 or self.recognised[0] not in expected)

    def get(self, path: str) -> object:
        """The value that is told at a path."""
        return next((fact.value for fact in self.told.facts if fact.path == path), None) if self.told else None

    def label(self, names: Mapping[str, str]) -> str | None:
        """What the file's own name says, or else those of the folders, the nearest first."""
        words = [word for part in reversed(self.file.split("/")) for word in WORD_ENDS.split(part.lower())]
        return next((names[word] for word in (STRONGEST, *words) if word in names and word in words), None)

    def is_right(self, path: str, names: Mapping[str, str]) -> bool | None:
        """Whether what is told is what the names say; None where they say nothing, or nobody knows the file."""
        label = self.label(names) if self.told else None
        if MISNAMED.get(f"{self.tool}/{self.file}") == path:
            return None
        return None if label is None else self.get(path) == label


def list_readers() -> list[TrainingConfigReader]:
    """Every reader, in the order in which they are asked."""
    from policy.evidence.tools.axolotl import AxolotlReader
    from policy.evidence.tools.late_readers import list_late_readers
    from policy.evidence.tools.llama_factory import LlamaFactoryReader

    return [AxolotlReader(), LlamaFactoryReader(), *list_late_readers()]


def score_corpus(folder: str) -> Iterator[Scored]:
    """Every YAML and JSON file of the corpus, as all readers see it."""
    readers = list_readers()
    for tool in sorted(os.listdir(folder)):
        root = os.path.join(folder, tool)
        paths = (os.path.join(parent, name) for parent, _, names in os.walk(root) for name in names)
        for path in sorted(path for path in paths if path.endswith(ENDINGS)):
            yield score_file(tool, root, os.path.relpath(path, root).replace(os.sep, "/"), readers)


def score_file(tool: str, root: str, file: str, readers: Iterable[TrainingConfigReader]) -> Scored:
    """One file, its name relative to the tool's folder."""
    from policy.errors import PolicyError
    from policy.evidence.tools.readers import RepositoryContext
    from policy.source.node import Mapping
    from policy.source.yaml_reader import read_yaml

    with open(os.path.join(root, file), "rb") as stream:
        data = stream.read()
    marked = [reader for reader in readers if any(mark in data for mark in reader.marks)]
    try:
        document = read_yaml(data, file, merge=True) if marked else None
    except PolicyError as error:
        return Scored(tool, file, error=str(error))
    if document is None or not isinstance(document.root, Mapping):
        return Scored(tool, file)
    knowing = [reader for reader in marked if reader.recognise(document.root)]
    told = knowing[0].read(document, RepositoryContext(root, os.path.dirname(file))) if knowing else None
    return Scored(tool, file, tuple(reader.name for reader in knowing), told)


def run(folder: str = "") -> bool:
    """Print the table; whether nothing is an alarm or an error, and enough is right."""
    from benchmarks.table import print_table

    folder = folder or os.environ.get("CORPUS", "")
    if not os.path.isdir(folder):
        print("name a folder of training configs, as an argument or as CORPUS", file=sys.stderr)
        return False
    scored = list(score_corpus(folder))
    rows, faults = [], [one for one in scored if one.error or one.is_alarm or (one.trains and not one.told)]
    shares = []
    for tool in dict.fromkeys(one.tool for one in scored):
        files = [one for one in scored if one.tool == tool]
        answers = [[one.is_right(*question) for one in files] for question in QUESTIONS]
        shares += [sum(map(bool, known)) / len(known) for given in answers if (known := _drop_none(given))]
        training = [one for one in files if one.trains]
        cells = [f"{sum(map(bool, _drop_none(given)))} of {len(_drop_none(given))}" for given in answers]
        found = f"{sum(bool(one.told) for one in training)} of {len(training)}"
        counts = (sum(one.is_alarm for one in files), sum(bool(one.error) for one in files))
        rows.append((tool, str(len(files)), found, *cells, *map(str, counts)))
    head = ("folder", "files", "recognised", "method right", "adapter right", "false alarms", "errors")
    print_table("Training configs by the names of their files", "Right: of the files whose names tell.", head, rows)
    for one in scored:
        for path, names in QUESTIONS:
            if one.is_right(path, names) is False:
                print(f"{one.tool}/{one.file}: {path} is {one.get(path)}, by its name {one.label(names)}")
    for one in faults:
        print(f"{one.tool}/{one.file}: {one.error or ', '.join(one.recognised) or 'not recognised'}")
    return not faults and all(share >= LEAST_RIGHT for share in shares)


QUESTIONS = (("training.method", METHODS), ("training.adapter", ADAPTERS))


def _drop_none(answers: Iterable[bool | None]) -> list[bool]:
    return [answer for answer in answers if answer is not None]


if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.exit(0 if run(*sys.argv[1:2]) else 1)
