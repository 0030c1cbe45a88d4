"""The Action's inputs, which its steps have in the environment and nowhere else; an empty one was not given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Several values, one a line.
LISTS = ("path", "output")
TEXTS = ("gate", "config-file", "fail-on", "sarif-file", "baseline", "policies-from", "changed-since")
SWITCHES = {"summary": True, "comment": False}
WORDS = {"true": True, "false": False}


class Inputs(NamedTuple):
    """What the workflow asks for. What it leaves out is left to `policy check`, all but the gate."""

    paths: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    gate: str = "ci"
    config_file: str = ""
    fail_on: str = ""
    sarif_file: str = ""
    baseline: str = ""
    policies_from: str = ""
    changed_since: str = ""
    summary: bool = True
    comment: bool = False


def read_inputs(environment: Mapping[str, str]) -> Inputs:
    """The inputs, each from `INPUT_` and its name. Raises PolicyError that names every one that is wrong."""
    given = {name: _find(environment, name) for name in (*LISTS, *TEXTS, *SWITCHES)}
    problems = [*_refuse_lines(given), *_refuse_words(given)]
    if problems:
        raise PolicyError(*problems)
    summary, comment = (WORDS.get(given[name].lower(), default) for name, default in SWITCHES.items())
    return Inputs(
        paths=_split(given["path"]),
        outputs=_split(given["output"]),
        gate=given["gate"] or "ci",
        config_file=given["config-file"],
        fail_on=given["fail-on"],
        sarif_file=given["sarif-file"],
        baseline=given["baseline"],
        policies_from=given["policies-from"],
        changed_since=given["changed-since"],
        summary=summary,
        comment=comment,
    )


def _find(environment: Mapping[str, str], name: str) -> str:
    return environment.get(f"INPUT_{name.replace('-', '_').upper()}", "").strip()


def _split(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.split("\n") if line.strip())


def _refuse_lines(given: Mapping[str, str]) -> Iterator[Problem]:
    for name in TEXTS:
        if "\n" in given[name]:
            yield Problem(f"the input `{name}` has several lines, and takes one value", "write it on one line")


def _refuse_words(given: Mapping[str, str]) -> Iterator[Problem]:
    for name in SWITCHES:
        if given[name] and given[name].lower() not in WORDS:
            message = f"the input `{name}` is `{given[name][:40]}`, which is neither true nor false"
            yield Problem(message, "write `true` or `false`, or leave it out")
