"""Where a version of a registered model comes from: all runs, models and files that it names, whichever way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.gates.mlflow.server.places import decode, list_roots, name_ids, read_place
from policy.gates.mlflow.server.refusals import refuse
from policy.gates.mlflow.server.stores import find_known_run, find_model, get_model_registry, get_tracking_store
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.gates.mlflow.server.places import Place
    from policy.gates.mlflow.server.stores import Found

# Of copies of copies.
DEPTH: Final = 20


class Release(NamedTuple):
    """A version under a name, and where it says that it comes from; what it does not say is empty.

    `kept` is where the registry itself has its files, once it is there, and `version` the name and number that it is
    registered by.
    """

    name: str
    run: str
    model: str
    source: str
    kept: str = ""
    version: str = ""


class Origin(NamedTuple):
    """What is there of all that is named: runs, logged models with their experiments, and `lost` runs, by id.

    `places` are those of files, each with the run that they are in; `stray` those that are in none. `named` is what is
    released, and what that is a copy of.
    """

    runs: tuple[Found, ...]
    models: tuple[tuple[Any, Any], ...]
    lost: tuple[str, ...]
    places: tuple[tuple[Place, str], ...]
    stray: tuple[Place, ...]
    named: tuple[Release, ...]

    def is_of(self, runs: set[str]) -> bool:
        """Whether all files are in these runs, and no run or model is another's."""
        ours = all(run in runs for _, run in self.places) and not self.stray and not self.lost
        return ours and all(found.run in runs for found in self.runs)


def trace_origin(release: Release) -> Origin:
    """Follow all that a version names. Raises MlflowException where it names what cannot be followed."""
    named = [*list_versions(release)]
    places = [place for one in named for text in (one.source, one.kept) if text for place in [read_place(text)]]
    ids = [name_ids(place) for place in places]
    models = [one.model for one in named if one.model] + [model for _, found in ids for model in found]
    known = [model for model in map(find_model, dict.fromkeys(models)) if model is not None]
    runs = [one.run for one in named if one.run] + [run for found, _ in ids for run in found]
    runs += [model.source_run_id for model in known if model.source_run_id]
    there = {run: find_known_run(run) for run in dict.fromkeys(runs)}
    found = tuple(filter(None, there.values()))
    owners = [*list_owners(found, known)]
    owned = [(place, find_owner(place, owners)) for place in places if place.scheme != "models"]
    get_experiment = get_tracking_store().get_experiment
    return Origin(
        found,
        tuple((model, get_experiment(model.experiment_id)) for model in known),
        tuple(run for run, one in there.items() if one is None),
        tuple((place, run) for place, run in owned if run is not None),
        tuple(place for place, run in owned if run is None),
        tuple(named),
    )


def list_owners(runs: tuple[Found, ...], models: list[Any]) -> Iterator[tuple[Place, str]]:
    """Where runs and logged models have their files, with the run; empty where a model names none."""
    for found in runs:
        yield read_place(f"runs:/{found.run}"), found.run
        yield from ((place, found.run) for place in list_roots(found.artifacts))
    for model in models:
        run = model.source_run_id or ""
        yield from ((place, run) for place in list_roots(model.artifact_location))


def find_owner(place: Place, owners: list[tuple[Place, str]]) -> str | None:
    """The run in which a place is; empty where it is in a model of none, None where it is in nothing known."""
    return next((run for root, run in owners if place.is_in(root) and ".." not in place.parts), None)


def list_versions(release: Release, depth: int = 0) -> Iterator[Release]:
    """A version, and those of which it is a copy. Raises MlflowException where there are too many, or one is lost."""
    yield release
    if read_place(release.source).scheme != "models":
        return
    copied = find_version(release.source.strip())
    if copied is not None:
        if depth == DEPTH:
            raise refuse(f"`{release.name}` cannot be released: it is a copy of over {DEPTH} copies")
        yield from list_versions(copied, depth + 1)


def find_version(source: str) -> Release | None:
    """The registered version that an address names; None where it names a logged model."""
    from mlflow.store.artifact.utils.models import _parse_model_uri

    # MLflow reads schemes in lower case, and its own function asks for that.
    named = _parse_model_uri("models" + decode(source)[len("models") :])
    registry = get_model_registry()
    if named.name is None:
        return None
    if named.alias:
        return describe_version(registry.get_model_version_by_alias(named.name, named.alias), registry)
    if named.version:
        return describe_version(registry.get_model_version(named.name, named.version), registry)
    latest = registry.get_latest_versions(named.name, [named.stage] if named.stage else None)
    if not latest:
        raise refuse(f"there is no version at `{source[:200]}`")
    return describe_version(max(latest, key=lambda version: int(version.version)), registry)


def describe_version(version: Any, registry: Any, name: str = "") -> Release:
    """A version that is registered, as it would be released under a name."""
    kept = registry.get_model_version_download_uri(version.name, version.version)
    model = getattr(version, "model_id", None)
    known = f"{version.name}/{version.version}"
    return Release(name or version.name, version.run_id or "", model or "", version.source or "", kept or "", known)
