"""The rules of artifact repositories: nothing is written for a run that waits, or beside the runs of an experiment."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.methods import ARTIFACT_ASIDE, ARTIFACT_READS, ARTIFACT_WRITES, list_unclassified
from policy.errors import PolicyError, Problem
from policy.gates.mlflow.server.origins import find_owner, list_owners
from policy.gates.mlflow.server.places import Place, find_governed, name_ids, read_place
from policy.gates.mlflow.server.refusals import refuse
from policy.gates.mlflow.server.reopening import note_change, note_training
from policy.gates.mlflow.server.signs import find_weights
from policy.gates.mlflow.server.stores import (
    find_known_run,
    find_model,
    forget_artifacts,
    get_artifact_registry,
    list_artifact_bases,
)
from policy.gates.mlflow.server.wrapping import call, guard_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy.gates.mlflow.server.guard import Guard
    from policy.gates.mlflow.server.wrapping import Rule

FOLDERS: Final = ("artifact_path", "path")
FILES: Final = ("artifact_file_name", "filename", "local_file", "local_dir")
TRACES: Final = "traces"


def make_rules(guard: Guard) -> dict[str, Rule]:
    """A rule for each method that writes."""
    return dict.fromkeys(ARTIFACT_WRITES, partial(write, guard))


def write(guard: Guard, repository: Any, method: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Find the run that a place belongs to, and ask whether it may be written to."""
    folders = [str(arguments[name]) for name in FOLDERS if arguments.get(name)]
    files = [str(arguments[name]).rpartition("/")[2] for name in FILES if arguments.get(name)]
    last = () if arguments.get("local_dir") else files
    check_place(guard, "/".join((repository.artifact_uri, *folders, *last)), (*files, *folders))
    return call(repository, method, arguments)


def check_place(guard: Guard, text: str, names: Iterable[str] = ()) -> None:
    """Raises MlflowException where nothing may be written to a place; `names` are those of the files."""
    place = read_place(text)
    ids, models = name_ids(place)
    known = [model for model in map(find_model, models) if model is not None]
    ids += [model.source_run_id for model in known if model.source_run_id]
    # Other folders may be called like an id, too.
    runs = tuple(filter(None, map(find_known_run, dict.fromkeys(ids))))
    for found in runs:
        row = guard.check_write(found.run, partial(getattr, found, "experiment"))
        weights = find_weights(names)
        if row is not None and weights:
            what = f"the file `{weights[-80:]}` was written"
            note_training(guard, row, what)
            note_change(guard, row, what, ended=found.ended)
    if find_owner(place, [*list_owners(runs, known)]) is None and TRACES not in place.parts:
        check_beside(guard, place)


def check_beside(guard: Guard, place: Place) -> None:
    """Raises where a place is one of a governed experiment, and of none of its runs."""
    experiment = find_governed(guard, place)
    if experiment is not None:
        text = f"the experiment `{experiment.name}` is governed, and only its runs have files"
        raise refuse(f"{text}: `{'/'.join(place.parts)[:200]}` is in none of them")


def guard_artifacts(guard: Guard) -> None:
    """Have every repository that the server makes ask first. Raises PolicyError where one does what nobody knows."""
    tables = (ARTIFACT_READS, ARTIFACT_ASIDE, ARTIFACT_WRITES)
    unknown = {name for base in list_artifact_bases() for name in list_unclassified(base, *tables)}
    if unknown:
        message = f"artifacts can be written in ways that the guard does not know: {', '.join(sorted(unknown))}"
        raise PolicyError(Problem(message, "use a version of MLflow that this version of Tunegate names as supported"))
    registry = get_artifact_registry()
    made = type(registry).get_artifact_repository.__get__(registry)
    registry.get_artifact_repository = _watch(made, make_rules(guard))
    forget_artifacts()


def _watch(made: Callable[..., Any], rules: dict[str, Rule]) -> Callable[..., Any]:
    def make(*args: Any, **kwargs: Any) -> Any:
        return guard_object(made(*args, **kwargs), rules)

    return make
