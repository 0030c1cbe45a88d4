"""Which policy sets a policy set extends, and these in turn: all layers, the base first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.bundles.confinement import refuse_escape
from policy.loading.bundles.late import LateOpener
from policy.loading.policy_sets.files import PolicySetFile, look_in, open_policy_set
from policy.loading.policy_sets.settings import read_names
from policy.model.fields import SCHEMA
from policy.model.reading import FactReader
from policy.source.node import Mapping
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.errors import Location

MOST_LAYERS = 50
REMEDY = "name a policy.yaml, a pyproject.toml with `[tool.policy]`, or a folder that holds one"


class Step(NamedTuple):
    """One layer on the way to another: its file, and where the next one is named."""

    path: str
    shown: str
    named: Location


def open_layers(found: PolicySetFile, problems: list[Problem], bundles: LateOpener) -> Chain:
    """The policy set and all that it extends, the base first, each file once; what is wrong goes to `problems`."""
    chain = Chain(bundles)
    chain.add(found, ())
    problems.extend(dict.fromkeys(chain.problems))
    return chain


class Chain:
    """Follows `extends`; what a layer extends stands before it. Layers are known by the absolute path of their file."""

    def __init__(self, bundles: LateOpener) -> None:
        self.bundles = bundles
        self.layers: dict[str, PolicySetFile] = {}
        self.extended: dict[str, list[str]] = {}
        self.problems: list[Problem] = []

    def add(self, found: PolicySetFile, way: tuple[Step, ...]) -> None:
        """Add the layers below one, then itself; `way` leads from the set that judges to it."""
        here = locate_file(found)
        for name, location in read_extends(found, self.problems):
            step = Step(here, found.document.file, location)
            try:
                self._extend(open_beside(found, name, location, self.bundles), (*way, step))
            except PolicyError as error:
                self.problems.extend(add_way(problem, way) for problem in error.problems)
        self.layers.setdefault(here, found)

    def list_extended(self, path: str) -> frozenset[str]:
        """The files that a layer extends, and those that they extend, as they are shown."""
        files: set[str] = set()
        for other in self.extended.get(path, ()):
            files |= {self.layers[other].document.file, *self.list_extended(other)}
        return frozenset(files)

    def _extend(self, found: PolicySetFile, way: tuple[Step, ...]) -> None:
        path = locate_file(found)
        if path in [step.path for step in way]:
            raise PolicyError(refuse_circle(found, way))
        if len(way) > MOST_LAYERS:
            message = f"policy sets extend each other more than {MOST_LAYERS} deep"
            raise PolicyError(Problem(message, "put some of them together", way[-1].named))
        self.extended.setdefault(way[-1].path, []).append(path)
        if path not in self.layers:
            self.add(found, way)


def locate_file(found: PolicySetFile) -> str:
    """The absolute path of a policy set's file."""
    return os.path.join(found.folder, os.path.basename(found.document.file))


def read_extends(found: PolicySetFile, problems: list[Problem]) -> Iterator[tuple[str, Location]]:
    """What the policy set extends, in order, with positions."""
    document = found.document
    if isinstance(document.root, Mapping):
        values = FactReader(SCHEMA, document.file, problems)
        for name, item in read_names(document.root, "extends", values):
            yield name, item.location(document.file)


def open_beside(
    found: PolicySetFile, name: str, location: Location, bundles: LateOpener | None = None
) -> PolicySetFile:
    """The policy set that another one names, by a path relative to it or as a bundle. Raises PolicyError."""
    bundle = (bundles or LateOpener()).open(name, found.folder, location, found.root if found.prefix else "")
    path, root = os.path.join(found.folder, name), found.root or found.folder
    layer: PolicySetFile | None
    if bundle is not None:
        layer = look_in(bundle.folder, bundle.folder, bundle.reference.prefix)
        message = f"the bundle `{bundle.reference.name}` holds no policy set"
    elif found.prefix and (escape := refuse_escape(found.folder, name, found.root, location)):
        raise PolicyError(escape)
    elif "\0" not in name and os.path.isdir(path):
        layer = look_in(path, root, found.prefix)
        message = f"the folder `{name}` holds no policy set"
    elif "\0" not in name and os.path.lexists(path):
        layer = open_policy_set(path, root, found.prefix)
        message = f"`{name}` has no table `[tool.policy]`"
    else:
        layer, message = None, f"there is no policy set at `{name}`"
    if layer is None:
        raise PolicyError(Problem(message, REMEDY, location))
    return layer


def add_way(problem: Problem, way: tuple[Step, ...]) -> Problem:
    """The problem with the places through which its layer came in."""
    if problem.related:
        return problem
    return problem._replace(related=tuple((f"`{step.shown}` is extended through", step.named) for step in way))


def refuse_circle(found: PolicySetFile, way: tuple[Step, ...]) -> Problem:
    """The problem of a policy set that extends one above it."""
    path = locate_file(found)
    circle = way[[step.path for step in way].index(path) :]
    names = " → ".join(f"`{name}`" for name in (*(step.shown for step in circle), found.document.file))
    message = f"policy sets extend each other in a circle: {names}"
    related = tuple((f"`{step.shown}` extends the next one", step.named) for step in circle[:-1])
    return Problem(message, "leave one of these `extends` out", way[-1].named, related)
