"""Results of evaluations that nothing names: found by where they lie, what they are called, and what is in them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy.app.drafts.data_candidates import tell_split, walk_files
from policy.errors import PolicyError
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_FOUND = 12
# What one evaluation measured is a few kilobytes; with every answer in it, some megabytes.
LARGEST = 20 * 1024**2
NAMED_METRICS = 3
PLACES = frozenset(("eval", "evals", "evaluation", "evaluations", "result", "results", "score", "scores", "metrics"))
# The words of a name that tell what was tried; those that need more words come first.
APPROACHES = (
    (frozenset(("system", "prompt")), "system-prompt"),
    (frozenset(("few", "shot")), "few-shot"),
    (frozenset(("fewshot",)), "few-shot"),
    (frozenset(("hybrid",)), "hybrid"),
    (frozenset(("rag",)), "rag"),
    (frozenset(("tuned",)), "fine-tuning"),
    (frozenset(("finetuned",)), "fine-tuning"),
    (frozenset(("lora",)), "fine-tuning"),
    (frozenset(("prompt",)), "prompt-engineering"),
    (frozenset(("base",)), "base-model"),
)


class FoundResult(NamedTuple):
    """A results file, relative to the folder; the approach that its name tells, or none; and its first metrics."""

    path: str
    approach: str
    said: str


def find_results(folder: str) -> list[FoundResult]:
    """The results files below a folder, by path; the first of them only."""
    found: list[FoundResult] = []
    for path in walk_files(folder):
        if _may_hold_results(path):
            found += _read(folder, path)
        if len(found) == MOST_FOUND:
            break
    return sorted(found)


def tell_approach(path: str) -> str:
    """What was tried, by the name of the results file; empty where it does not tell."""
    words = _split_words(os.path.splitext(os.path.basename(path))[0])
    return next((approach for needed, approach in APPROACHES if needed <= words), "")


def _may_hold_results(path: str) -> bool:
    return path.lower().endswith(".json") and not tell_split(path) and not PLACES.isdisjoint(_split_words(path))


def _split_words(name: str) -> frozenset[str]:
    return frozenset(re.split(r"[^a-z]+", name.lower()))


def _read(folder: str, path: str) -> Iterator[FoundResult]:
    """The file as a result, where a reader of results knows it."""
    from policy.evidence.results.files import PointerError, read_results

    file = os.path.join(folder, path)
    try:
        path.encode()
        if os.path.getsize(file) > LARGEST:
            return
        metrics = read_results(file, path).metrics
    except (PolicyError, PointerError, OSError, UnicodeEncodeError):
        # It is something else, or nobody can tell; nothing was promised of it.
        return
    said = [f"{name} {metrics[name].value:g}" for name in list(metrics)[:NAMED_METRICS]]
    more = len(metrics) - len(said)
    yield FoundResult(path, tell_approach(path), ", ".join([*said, f"{more} more"] if more else said))
