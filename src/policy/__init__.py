"""Policy as code for machine-learning platforms.

The public API is what `__all__` names; importing the package imports none of it until it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.__about__ import __version__

if TYPE_CHECKING:
    from policy.app.runs.refusal import RunRefused as RunRefused
    from policy.app.workspace import open_workspace as open_workspace
    from policy.engine.judge import judge as judge
    from policy.errors import Location as Location
    from policy.errors import PolicyError as PolicyError
    from policy.errors import Problem as Problem
    from policy.gates.mlflow.client.runs import guard as guard
    from policy.gates.mlflow.client.runs import start_run as start_run
    from policy.gates.transformers.making import make_trainer_callback as make_trainer_callback
    from policy.model.decision import Decision as Decision
    from policy.model.decision import Subject as Subject
    from policy.model.fact import ABSENT as ABSENT
    from policy.model.fact import Fact as Fact
    from policy.model.fact import Members as Members
    from policy.model.facts import Facts as Facts
    from policy.model.policy import Policy as Policy
    from policy.model.policy import PolicySet as PolicySet
    from policy.plugins.hookspecs import hookimpl as hookimpl

_PLACES = {
    "ABSENT": "policy.model.fact",
    "Decision": "policy.model.decision",
    "Fact": "policy.model.fact",
    "Facts": "policy.model.facts",
    "Location": "policy.errors",
    "Members": "policy.model.fact",
    "Policy": "policy.model.policy",
    "PolicyError": "policy.errors",
    "PolicySet": "policy.model.policy",
    "Problem": "policy.errors",
    "RunRefused": "policy.app.runs.refusal",
    "Subject": "policy.model.decision",
    "guard": "policy.gates.mlflow.client.runs",
    "hookimpl": "policy.plugins.hookspecs",
    "judge": "policy.engine.judge",
    "make_trainer_callback": "policy.gates.transformers.making",
    "open_workspace": "policy.app.workspace",
    "start_run": "policy.gates.mlflow.client.runs",
}

__all__ = [
    "ABSENT",
    "Decision",
    "Fact",
    "Facts",
    "Location",
    "Members",
    "Policy",
    "PolicyError",
    "PolicySet",
    "Problem",
    "RunRefused",
    "Subject",
    "__version__",
    "guard",
    "hookimpl",
    "judge",
    "make_trainer_callback",
    "open_workspace",
    "start_run",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'policy' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
