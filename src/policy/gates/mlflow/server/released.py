"""What was released from a run is on record, by version and files: what is done to those afterwards shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from policy.app.runs.attempt import ADMITTED, TRAINING
from policy.errors import PolicyError
from policy.gates.mlflow.server.origins import describe_version, trace_origin
from policy.gates.mlflow.server.places import Place, list_roots, read_place
from policy.gates.mlflow.server.refusals import refuse, refuse_fault
from policy.gates.mlflow.server.stores import get_model_registry
from policy.records.runs.releases import find_history, record_release

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.gates.mlflow.server.guard import Guard
    from policy.gates.mlflow.server.origins import Origin, Release
    from policy.gates.mlflow.server.stores import Found
    from policy.records.runs.releases import History


def note_version(guard: Guard, registry: Any, version: Any) -> None:
    """Note a version that is there now at each run that it comes from; where that fails it goes again.

    Raises MlflowException.
    """
    try:
        release = describe_version(version, registry)
        note_release(guard, release, trace_origin(release))
    except BaseException:
        registry.delete_model_version(version.name, version.version)
        raise


def note_release(guard: Guard, release: Release, origin: Origin, *, again: bool = True) -> None:
    """Note a version at each run that it comes from; one that is noted already only where it is made `again`."""
    for found in origin.runs:
        row = guard.find_used(found.run, partial(guard.find_binding, found.experiment), "release")
        if row is None or row.activity != TRAINING or row.state != ADMITTED:
            continue
        if not again and read_history(guard, found.run).has(release.version):
            continue
        models = [model for model, _ in origin.models]
        files = [name for place in list_places(origin) for name in name_files(place, found, models)]
        try:
            noted = record_release(guard.ledger, guard.server, found.run, release.version, files)
        except PolicyError as error:
            binding = guard.find_model_binding(release.name) or guard.find_binding(found.experiment)
            if binding is None or not guard.keeper.passes(error, guard.panel.find(binding), "release"):
                raise refuse_fault(error) from None
            guard.keeper.count_open()
            continue
        if not noted:
            raise refuse(f"`{release.name}` cannot be released: its run {found.run} was changed meanwhile: try again")


def list_places(origin: Origin) -> Iterator[Place]:
    """Where the files are of all that is named."""
    for one in origin.named:
        yield from (read_place(text) for text in (one.source, one.kept) if text)
        if one.model:
            yield Place("models", "", (one.model,))


def name_files(place: Place, found: Found, models: Iterable[Any]) -> list[str]:
    """What a place is called among the files of a run and of its logged models; empty where it is in none of them."""
    roots = [(found.run, root) for root in (read_place(f"runs:/{found.run}"), *list_roots(found.artifacts))]
    for model in models:
        if model.source_run_id == found.run:
            places = (Place("models", "", (model.model_id,)), *list_roots(model.artifact_location))
            roots += [(model.model_id, root) for root in places]
    # What leads up again may be anywhere in them.
    end = None if ".." not in place.parts else 0
    return ["/".join((owner, *place.parts[len(root.parts) : end])) for owner, root in roots if place.is_in(root)]


def name_changed(names: Iterable[str], found: Found, models: Iterable[Any]) -> list[str]:
    """The same for what is written: a logged model is read by its name in the run, too."""
    named = {model.model_id: f"{found.run}/{model.name}" for model in models}
    split = [(name, *name.partition("/")) for name in names]
    return [one for name, owner, slash, rest in split for one in {name, f"{named.get(owner, owner)}{slash}{rest}"}]


def find_released(guard: Guard, run: str, names: Iterable[str]) -> str:
    """The version that has one of these files of a run, or one in them; empty where none has.

    Raises MlflowException where the ledger cannot be asked, and there are versions of the run.
    """
    try:
        history = find_history(guard.ledger, guard.server, run)
    except PolicyError as error:
        # Training goes on while the ledger is down.
        if get_model_registry().search_model_versions(f"run_id = '{run}'", max_results=1):
            raise refuse_fault(error) from None
        return ""
    given = [name.split("/") for name in names]
    for one in history.released:
        for file in one.files:
            parts = file.split("/")
            if any(name[: len(parts)] == parts[: len(name)] for name in given):
                return one.version
    return ""


def read_history(guard: Guard, run: str) -> History:
    """What became of a run. Raises MlflowException where the ledger cannot be asked."""
    try:
        return find_history(guard.ledger, guard.server, run)
    except PolicyError as error:
        raise refuse_fault(error) from None
