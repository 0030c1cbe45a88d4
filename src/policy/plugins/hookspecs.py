"""The hooks that a plugin can implement; mark implementations with `policy.plugins.hookspecs.hookimpl`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from policy.plugins.contracts import Collector, PolicySource, Predicate, TrainingCall, TrainingConfigReader

PROJECT = "policy"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def policy_sources() -> Sequence[PolicySource]:  # type: ignore[empty-body]  # a specification has no body
    """Folders of policies that a policy set can name under `policies`."""


@hookspec
def collectors() -> Sequence[Collector]:  # type: ignore[empty-body]  # a specification has no body
    """Collectors, which observe facts about a project."""


@hookspec
def training_config_readers() -> Sequence[TrainingConfigReader]:  # type: ignore[empty-body]  # a specification has no body
    """Readers of training configs, one for each tool."""


@hookspec
def training_calls() -> Sequence[TrainingCall]:  # type: ignore[empty-body]  # a specification has no body
    """Calls in Python source and notebooks that start a fine-tuning."""


@hookspec
def predicates() -> Sequence[Predicate]:  # type: ignore[empty-body]  # a specification has no body
    """Named predicates, whose results policies read as `x.` facts."""


@hookspec
def reporters() -> Mapping[str, Callable[[], object]]:  # type: ignore[empty-body]  # a specification has no body
    """Report formats: the name for `--output`, and a function that makes the reporter (`policy.reports.reporter`)."""
