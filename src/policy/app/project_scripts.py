"""Scripts that a manifest covers: what their calls tell belongs to the project, unless a training config tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.loading.file_listing import is_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policy.app.training_configs import FoundConfig
    from policy.model.fact import Fact

# These start a script, which trains with another library: neither speaks against the other.
STARTERS = frozenset({"alignment-handbook", "custom", "hyperpod", "mlflow-project"})


def set_apart(
    configs: Iterable[FoundConfig], named: Fact | None, *, only_configs: bool
) -> tuple[list[FoundConfig], list[FoundConfig]]:
    """What is a subject of its own among all that a manifest covers, and the scripts that are part of the project.

    A script that the manifest names as its training config is one; where no more than some files are asked about and
    no config is among them, so is every script, for the project is more than they are.
    """
    configs = list(configs)
    scripts = [config for config in configs if is_script(config.file) and (named is None or config.file != named.value)]
    subjects = [config for config in configs if config not in scripts]
    return (scripts, []) if only_configs and not subjects else (subjects, scripts)


def tell_project(scripts: Sequence[FoundConfig]) -> tuple[Fact, ...]:
    """What scripts tell of their project together: what they all say, where the first of them says it."""
    return tuple(_agree([config.told.facts for config in scripts]))


def _agree(told: Sequence[Iterable[Fact]]) -> Iterator[Fact]:
    for fact in told[0] if told else ():
        if all(any((other.path, other.value) == (fact.path, fact.value) for other in facts) for facts in told):
            yield fact


def drop_library(told: Iterable[Fact], declared: Iterable[Fact]) -> tuple[Fact, ...]:
    """What a script tells, without the library that it trains with where the manifest names what starts it."""
    starts = any(claim.path == "training.tool" and claim.value in STARTERS for claim in declared)
    return tuple(fact for fact in told if not (starts and fact.path == "training.tool"))
