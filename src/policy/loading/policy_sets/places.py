"""The names under `policies:` in a policy set → the files of policies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.bundles.confinement import refuse_escape
from policy.loading.catalogue import PolicyPlace, list_areas, list_policies
from policy.loading.policy_sets.files import PROJECT_NAME, SET_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.errors import Location
    from policy.loading.bundles.late import LateOpener
    from policy.loading.bundles.opening import OpenBundle
    from policy.loading.policy_sets.layers import Layer


def find_places(
    layer: Layer, sources: Mapping[str, str], bundles: LateOpener
) -> dict[str, tuple[PolicyPlace, Location | None]]:
    """The policy files of a layer by their real path, and where each is named; problems go to the layer's.

    A file that two entries name, as `catalogue` and one of its areas do, is one policy. `sources` are folders by name.
    """
    places: dict[str, tuple[PolicyPlace, Location | None]] = {}
    for name, location in layer.policies:
        try:
            for place in _list_places(layer, name, location, sources, bundles):
                places.setdefault(os.path.realpath(place.path), (place, location))
        except PolicyError as error:
            layer.values.problems.extend(error.problems)
    return places


def _list_places(
    layer: Layer, name: str, location: Location | None, sources: Mapping[str, str], bundles: LateOpener
) -> list[PolicyPlace]:
    source, _, area = name.partition(":")
    path = os.path.join(layer.folder, name)
    shown = os.path.normpath(os.path.join(os.path.dirname(layer.file), name)).replace(os.sep, "/")
    if source in sources:
        path, shown = sources[source], source
        if area and area not in list_areas(path):
            raise PolicyError(_refuse_area(source, area, path, location))
    elif bundle := bundles.open(name, layer.folder, location, layer.top):
        return _list_bundle(bundle, location)
    elif layer.top and (escape := refuse_escape(layer.folder, name, layer.top, location)):
        raise PolicyError(escape)
    elif os.path.isfile(path):
        return [PolicyPlace(path, shown)]
    elif not os.path.isdir(path):
        remedy = f"name {', '.join(sources)}, or a folder of policies"
        raise PolicyError(Problem(f"there are no policies at `{name}`", remedy, location))
    found = list_policies(path, shown, area if source in sources else "")
    if not found:
        remedy = "add policies, `AREA/ID.yaml`, or leave it out"
        raise PolicyError(Problem(f"the folder `{name}` holds no policies", remedy, location))
    return found


def _list_bundle(bundle: OpenBundle, location: Location | None) -> list[PolicyPlace]:
    """The policies in a bundle."""
    name = bundle.reference.name
    if any(os.path.isfile(os.path.join(bundle.folder, file)) for file in (SET_NAME, PROJECT_NAME)):
        message = f"the bundle `{name}` holds a policy set"
        raise PolicyError(Problem(message, "name it under `extends`, or one of its folders as a bundle", location))
    found = list_policies(bundle.folder, bundle.reference.prefix)
    if not found:
        message = f"the bundle `{name}` holds no policies"
        raise PolicyError(Problem(message, "name one that holds `AREA/ID.yaml`, or leave it out", location))
    return found


def _refuse_area(source: str, area: str, folder: str, location: Location | None) -> Problem:
    from policy.source.suggestion import nearest

    areas = list_areas(folder)
    close = nearest(area, areas)
    remedy = f"write `{source}:{close}`" if close else f"its areas are {', '.join(areas)}"
    return Problem(f"`{source}` has no area `{area}`", remedy, location)
