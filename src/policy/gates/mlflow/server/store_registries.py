"""MLflow's registries of stores: every store that they make from now on is guarded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.app.runs.methods import list_unclassified
from policy.errors import PolicyError, Problem
from policy.gates.mlflow.server.wrapping import guard_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.gates.mlflow.server.wrapping import Rule


def guard_registry(registry: Any, rules: Mapping[str, Rule], tables: tuple[frozenset[str], ...]) -> None:
    """Have every store that a registry makes ask first; those made before are forgotten."""
    for scheme, make in list(registry._registry.items()):
        registry.register(scheme, _watch(make, rules, tables))
    cached = getattr(type(registry)._get_store_with_resolved_uri, "cache_clear", None)
    if cached is not None:
        cached()


def _watch(
    make: Callable[..., Any], rules: Mapping[str, Rule], tables: tuple[frozenset[str], ...]
) -> Callable[..., Any]:
    def build(*args: Any, **kwargs: Any) -> Any:
        store = make(*args, **kwargs)
        refuse_unknown(type(store), tables)
        return guard_object(store, rules, ("get_experiment",))

    return build


def refuse_unknown(store: type, tables: tuple[frozenset[str], ...]) -> None:
    """Raises PolicyError where a store has a method of which nobody has said what the guard does about it."""
    unknown = list_unclassified(store, *tables)
    if unknown:
        from mlflow.version import VERSION

        message = f"MLflow {VERSION} has methods that the guard does not know: {', '.join(unknown)}"
        raise PolicyError(Problem(message, "use a version of MLflow that this version of Tunegate names as supported"))
