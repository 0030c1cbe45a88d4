"""All that differs between two policy sets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.app.set_diff.halves import Whole
from policy.app.set_diff.lines import compare_lines
from policy.app.set_diff.policies import compare_policies
from policy.app.set_diff.settings import compare_settings
from policy.app.set_diff.waivers import compare_waivers
from policy.app.trusted.comparison import compare_policy_sets
from policy.model.set_changes import CHANGED, UNCLEAR, PolicyChange, SetChanges, both, make_change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.workspace import Workspace
    from policy.model.policy import PolicySet
    from policy.model.set_changes import Change, Pair


def compare_sets(pair: Pair[Workspace]) -> SetChanges:
    """What the new policy set does otherwise than the old one, and what both are made of."""
    wholes = both(lambda side: Whole(side.policy_set, side.show_path), pair)
    halves = both(lambda whole: whole.list_halves(), wholes)
    found = SetChanges(
        tuple(compare_policies(*halves)),
        tuple(compare_settings(wholes)),
        tuple(compare_waivers(wholes)),
        tuple(_compare_makeup(pair)),
        len(halves[0].keys() | halves[1].keys()),
    )
    return add_rest(found, both(lambda side: side.policy_set, pair))


def add_rest(found: SetChanges, sets: Pair[PolicySet]) -> SetChanges:
    """The changes with what differs in a way that nothing else here has words for: nothing passes in silence."""
    known = compare_policy_sets(*sets)
    if known is None:
        return found
    titles = {policy.id: policy.title for policy in (*sets[0].policies, *sets[1].policies)}
    rest = make_change("definition", (None, None), UNCLEAR)
    told = {change.policy for change in found.policies}
    silent = [
        PolicyChange(name, titles[name], CHANGED, UNCLEAR, (rest,)) for name in known.policies if name not in told
    ]
    keys = {change.key.partition(".")[0] for change in found.settings} | ({"waivers"} if found.waivers else set())
    settings = [make_change(name, (None, None), UNCLEAR) for name in known.settings if name not in keys]
    policies = sorted((*found.policies, *silent), key=lambda change: change.policy)
    return found._replace(policies=tuple(policies), settings=(*found.settings, *settings))


def _compare_makeup(pair: Pair[Workspace]) -> Iterator[Change]:
    """Name, layers and bundles, which by themselves change no verdict."""
    names = both(lambda side: side.policy_set.name, pair)
    if names[0] != names[1]:
        yield make_change("name", names)
    for key, lists in (
        ("layers", both(_list_layers, pair)),
        ("bundles", both(lambda side: sorted(side.policy_set.bundles), pair)),
    ):
        if lists[0] != lists[1]:
            texts = both(lambda own: ", ".join(own) or None, lists)
            yield make_change(key, texts, lines=compare_lines(*lists))


def _list_layers(side: Workspace) -> list[str]:
    """The files, the base first, as from the folder of the set's own file: where two copies lie says nothing."""
    top = os.path.dirname(side.config or "") or "."
    bundles = side.policy_set.bundles
    return [
        file if file.partition("/")[0] in bundles else os.path.relpath(file, top).replace(os.sep, "/")
        for file in side.policy_set.layers
    ]
