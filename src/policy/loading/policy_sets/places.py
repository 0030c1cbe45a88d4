"""The names under `policies:` in a policy set → the files of policies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.catalogue import PolicyPlace, list_areas, list_policies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.errors import Location
    from policy.loading.policy_sets.layers import Layer


def find_places(layer: Layer, sources: Mapping[str, str]) -> dict[str, tuple[PolicyPlace, Location | None]]:
    """The policy files of a layer by their real path, and where each is named; problems go to the layer's.

    A file that two entries name, as `catalogue` and one of its areas do, is one policy. `sources` are folders by name.
    """
    places: dict[str, tuple[PolicyPlace, Location | None]] = {}
    for name, location in layer.policies:
        try:
            for place in _list_places(layer, name, location, sources):
                places.setdefault(os.path.realpath(place.path), (place, location))
        except PolicyError as error:
            layer.values.problems.extend(error.problems)
    return places


def _list_places(layer: Layer, name: str, location: Location | None, sources: Mapping[str, str]) -> list[PolicyPlace]:
    source, _, area = name.partition(":")
    path = os.path.join(layer.folder, name)
    shown = os.path.normpath(os.path.join(os.path.dirname(layer.file), name)).replace(os.sep, "/")
    if source in sources:
        path, shown = sources[source], source
        if area and area not in list_areas(path):
            raise PolicyError(_refuse_area(source, area, path, location))
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


def _refuse_area(source: str, area: str, folder: str, location: Location | None) -> Problem:
    from policy.source.suggestion import nearest

    areas = list_areas(folder)
    close = nearest(area, areas)
    remedy = f"write `{source}:{close}`" if close else f"its areas are {', '.join(areas)}"
    return Problem(f"`{source}` has no area `{area}`", remedy, location)
