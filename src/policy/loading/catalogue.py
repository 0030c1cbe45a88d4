"""Folders of policies → policies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import Location, PolicyError, Problem
from policy.language.policies import read_policy
from policy.loading.file_listing import is_yaml
from policy.loading.policy_text import read_policy_document
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model.policy import Policy
    from policy.model.schema import Schema


class PolicyPlace(NamedTuple):
    """Where a policy is: the file, and the name that positions in it bear."""

    path: str
    shown: str


def catalogue_folder() -> str:
    """The catalogue that ships with the package; in a checkout, the folder `policies` beside `src`."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    shipped = os.path.join(package, "catalogue")
    beside = os.path.join(os.path.dirname(os.path.dirname(package)), "policies")
    return shipped if os.path.isdir(shipped) else beside


def list_areas(folder: str) -> list[str]:
    """The areas of a folder of policies: the folders directly in it."""
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def list_policy_files(folder: str) -> list[str]:
    """The policy files below a folder, relative to it, sorted. Raises PolicyError where it cannot be looked into.

    Links to folders are followed, each folder once.
    """
    found = []
    seen = {os.path.realpath(folder)}
    for here, folders, files in os.walk(folder, onerror=_refuse_folder, followlinks=True):
        folders[:] = _keep_unseen(here, sorted(name for name in folders if not name.startswith(".")), seen)
        names = (name for name in files if is_yaml(name) and not name.startswith("."))
        found += [os.path.relpath(os.path.join(here, name), folder).replace(os.sep, "/") for name in names]
    return sorted(found)


def _keep_unseen(here: str, names: Iterable[str], seen: set[str]) -> list[str]:
    """The folders that were not met before, by another name or from inside."""
    kept = []
    for name in names:
        real = os.path.realpath(os.path.join(here, name))
        if real not in seen:
            seen.add(real)
            kept.append(name)
    return kept


def _refuse_folder(error: OSError) -> None:
    # Policies that are left out in silence would be a pass that nobody gave.
    message = f"the folder of policies `{error.filename}` cannot be looked into: {error.strerror}"
    raise PolicyError(Problem(message, "check its name, and whether it may be read"))


def list_policies(folder: str, shown: str, area: str = "") -> list[PolicyPlace]:
    """The policies below a folder that is shown by another name, or those of one area of it."""
    inner = f"{area}/" if area else ""
    files = list_policy_files(os.path.join(folder, area))
    return [PolicyPlace(os.path.join(folder, inner + file), f"{shown}/{inner}{file}") for file in files]


def load_policies(places: Iterable[PolicyPlace], schema: Schema, *, with_cases: bool = False) -> list[Policy]:
    """The policies in files. Raises PolicyError with every problem of every file."""
    policies: list[Policy] = []
    problems: list[Problem] = []
    for place in places:
        try:
            policies.append(load_policy(place, schema, with_cases=with_cases))
        except PolicyError as error:
            problems.extend(error.problems)
    if problems:
        raise PolicyError(*problems)
    return policies


def load_policy(place: PolicyPlace, schema: Schema, *, with_cases: bool = False) -> Policy:
    """The policy in one file; its area is the name of its folder."""
    document = read_policy_document(place.path, place.shown, with_cases=with_cases)
    # What tells one content of a bundle from another is no part of an area's name.
    area = os.path.basename(os.path.dirname(place.shown)).partition("@sha256:")[0]
    return read_policy(document, schema, area=area, with_cases=with_cases)


def refuse_duplicates(policies: list[Policy]) -> None:
    """Raises PolicyError where two policies have one id, with both places."""
    seen: dict[str, Policy] = {}
    problems = []
    for policy in policies:
        first = seen.setdefault(policy.id, policy)
        if first is not policy:
            related = (("the other one", first.location or Location("?")),)
            message = f"two policies have the id `{policy.id}`"
            problems.append(Problem(message, "give one another id, or leave one out", policy.location, related))
    if problems:
        raise PolicyError(*problems)
