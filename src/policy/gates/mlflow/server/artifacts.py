"""The rules of artifact repositories: nothing is written for a run that waits, or beside the runs of an experiment."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.methods import ARTIFACT_ASIDE, ARTIFACT_READS, ARTIFACT_WRITES, list_unclassified
from policy.errors import PolicyError, Problem
from policy.gates.mlflow.server.origins import find_owner, list_owners
from policy.gates.mlflow.server.places import Place, list_roots, name_ids, read_place
from policy.gates.mlflow.server.refusals import refuse
from policy.gates.mlflow.server.released import name_changed, name_files
from policy.gates.mlflow.server.reopening import note_change, note_rewrite, note_training
from policy.gates.mlflow.server.roots import find_governed
from policy.gates.mlflow.server.signs import find_weights
from policy.gates.mlflow.server.stores import (
    find_known_run,
    find_model,
    find_trace_experiment,
    forget_artifacts,
    get_artifact_registry,
    list_artifact_bases,
)
from policy.gates.mlflow.server.streams import check_when_sent
from policy.gates.mlflow.server.wrapping import call, guard_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from policy.gates.mlflow.server.guard import Guard
    from policy.gates.mlflow.server.stores import Found
    from policy.gates.mlflow.server.wrapping import Rule
    from policy.records.runs.rows import RunRow

FOLDERS: Final = ("artifact_path", "path")
FILES: Final = ("artifact_file_name", "filename", "local_file", "local_dir")
TRACES: Final = "traces"
# What does not write: who gives up what was never complete leaves all as it is.
VERBS: Final = {"delete_artifacts": "deleted", "abort_multipart_upload": ""}


def make_rules(guard: Guard) -> dict[str, Rule]:
    """A rule for each method that writes."""
    return dict.fromkeys(ARTIFACT_WRITES, partial(write, guard))


def write(guard: Guard, repository: Any, method: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Find the run that a place belongs to, and ask whether it may be written to."""
    folders = [str(arguments[name]) for name in FOLDERS if arguments.get(name)]
    files = [str(arguments[name]).rpartition("/")[2] for name in FILES if arguments.get(name)]
    last = () if arguments.get("local_dir") else files
    verb = VERBS.get(method.__name__, "written")
    place = "/".join((repository.artifact_uri, *folders, *last))
    check = partial(check_place, guard, place, (*files, *folders), verb)
    check()
    # What is sent slowly is stored only then, and of what it is sent to much may have changed.
    return call(repository, method, check_when_sent(arguments, check))


def check_place(guard: Guard, text: str, names: Sequence[str] = (), verb: str = "written") -> None:
    """Raises MlflowException where nothing may be written to a place; `names` are those of the files.

    `verb` is what happens to them, empty where they stay as they are.
    """
    place = read_place(text)
    ids, models = name_ids(place)
    known = [model for model in map(find_model, models) if model is not None]
    ids += [model.source_run_id for model in known if model.source_run_id]
    # Other folders may be called like an id, too.
    runs = tuple(filter(None, map(find_known_run, dict.fromkeys(ids))))
    rows = {found.run: guard.check_write(found.run, partial(getattr, found, "experiment")) for found in runs}
    if find_owner(place, [*list_owners(runs, known)]) is None and not is_of_trace(place):
        check_beside(guard, place)
    inside = {found.run: name_files(place, found, known) for found in runs}
    for found in runs:
        row = rows[found.run]
        # Whoever writes into a folder that is called like another run changes nothing of that one.
        if row is not None and verb and (inside[found.run] or not any(inside.values())):
            changed = name_changed(inside[found.run] or [found.run], found, known)
            note_file(guard, row, found, names, changed, verb)


def note_file(guard: Guard, row: RunRow, found: Found, names: Sequence[str], inside: Iterable[str], verb: str) -> None:
    """Note what a file says of the run that it is in: that it trains, or that it is not what it was."""
    weights = find_weights(names)
    what = f"the file `{(weights or next(iter(names), ''))[-80:]}` was {verb}"
    if weights:
        note_training(guard, row, what)
    if found.ended:
        note_change(guard, row, what, ended=True)
    else:
        note_rewrite(guard, row, what, inside)


def is_of_trace(place: Place) -> bool:
    """Whether a place is in the folder that MLflow keeps for a trace that is there."""
    for at, part in enumerate(place.parts[:-1]):
        trace = place.parts[at + 1]
        experiment = find_trace_experiment(trace) if part == TRACES and ".." not in place.parts else None
        if experiment is not None:
            roots = list_roots(f"{experiment.artifact_location}/{TRACES}/{trace}/artifacts")
            return any(place.is_in(root) for root in roots)
    return False


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
