"""What a policy set names, followed through all that it extends, so that a copy has every file of it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.bundles.late import SIGNS
from policy.loading.policy_sets.extending import locate_file, open_beside
from policy.loading.policy_sets.layers import CATALOGUE
from policy.loading.policy_sets.settings import read_names
from policy.model.fields import SCHEMA
from policy.model.reading import FactReader
from policy.source.node import Mapping, Scalar
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from policy.app.trusted.copying import Copy
    from policy.errors import Location
    from policy.loading.policy_sets.files import PolicySetFile

LISTS = ("extends", "policies", "waivers")


class Step(NamedTuple):
    """A name that a policy set has, in one of its sections."""

    copy: Copy
    root: str
    layer: PolicySetFile
    section: str
    name: str
    place: Location


def follow_layers(copy: Copy, root: str, found: PolicySetFile, known: Container[str] | None = None) -> None:
    """Copy what the policy set and those that it extends name; `root` is the work tree's.

    What is wrong in them is said by whoever reads them. Raises PolicyError for names that lead out of the copy, or
    into the work tree, or by an absolute path to where nobody else looks that is `known`; and GitError.
    """
    waiting, seen = [found], {locate_file(found)}
    problems: list[Problem] = []
    while waiting:
        layer = waiting.pop()
        for section, name, place in list_names(layer):
            try:
                _fetch_name(Step(copy, root, layer, section, name, place), known)
            except PolicyError as error:
                problems += error.problems
                continue
            if section == "extends" and not is_bundle(name):
                with suppress(PolicyError):
                    above = open_beside(layer, name, place)
                    waiting += [above] if locate_file(above) not in seen else []
                    seen.add(locate_file(above))
    if problems:
        raise PolicyError(*dict.fromkeys(problems))


def list_names(layer: PolicySetFile) -> Iterator[tuple[str, str, Location]]:
    """The section, the name and the place of everything that a policy set names as a file or a folder."""
    root, file = layer.document.root, layer.document.file
    if not isinstance(root, Mapping):
        return
    values = FactReader(SCHEMA, file, [])
    for section in LISTS:
        for name, node in read_names(root, section, values):
            if not (section == "policies" and name.partition(":")[0] == CATALOGUE):
                yield section, name, node.location(file)
    tables = root.get("tables")
    for _, node in tables.entries.values() if isinstance(tables, Mapping) else ():
        if isinstance(node, Scalar):
            yield "tables", node.text, node.location(file)


def _fetch_name(step: Step, known: Container[str] | None) -> None:
    copy, layer = step.copy, step.layer
    if is_bundle(step.name):
        _fetch_bundle(step)
        return
    path = os.path.join(layer.folder, step.name)
    if not step.name or "\0" in step.name:
        return
    if is_within(os.path.normpath(path), copy.folder):
        _fetch_inside(step, path)
    elif is_within(os.path.realpath(path), step.root):
        message = f"`{step.name}` leads into the working tree, which is what is judged"
        raise PolicyError(Problem(message, "write a path that is relative to the policy set", step.place))
    elif not os.path.isabs(step.name) and is_within(layer.folder, copy.top):
        message = f"`{step.name}` leads out of the repository, and nothing beside it is looked at"
        raise PolicyError(Problem(message, "write its absolute path: it is read as it is there", step.place))
    elif known is not None and path not in known:
        message = f"`{step.name}` is outside of the repository, and the policies in force do not name it"
        raise PolicyError(Problem(message, "put it into the repository", step.place))
    else:
        copy.outside.add(path)


def _fetch_inside(step: Step, path: str) -> None:
    # The files of waivers go by their names in short, all else by the way that the system takes through links.
    whole = os.path.normpath(path) if step.section == "waivers" else path
    way = whole.removeprefix(step.copy.folder).replace(os.sep, "/")
    real = step.copy.fetch(way, inside=step.section == "policies")
    if step.section == "extends" and os.path.isdir(os.path.join(step.copy.folder, real)):
        step.copy.fetch_sets(real)


def is_bundle(name: str) -> bool:
    """Whether a name is that of a bundle, whose content its digest vouches for; nothing in it leads out of it."""
    return any(sign in name.lower() for sign in SIGNS)


def _fetch_bundle(step: Step) -> None:
    """Copy a bundle that lies in the repository; what is wrong with its name is said by whoever opens it."""
    from policy.loading.bundles.reference import PATH, find_reference

    with suppress(PolicyError):
        reference = find_reference(step.name)
        path = os.path.join(step.layer.folder, reference.place) if reference and reference.kind == PATH else ""
        if path and is_within(os.path.normpath(path), step.copy.folder):
            step.copy.fetch(path.removeprefix(step.copy.folder).replace(os.sep, "/"), whole=True)


def is_within(path: str, folder: str) -> bool:
    """Whether an absolute path is a folder or something in it."""
    return f"{path}{os.sep}".startswith(folder.rstrip(os.sep) + os.sep)
