"""Folders of policies → policies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import Location, PolicyError, Problem
from policy.language.policies import read_policy
from policy.source.yaml_reader import read_yaml_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.fields import Schema
    from policy.model.policy import Policy

ENDINGS = (".yaml", ".yml")


def catalogue_folder() -> str:
    """The catalogue that ships with the package; in a checkout, the folder `policies` beside `src`."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    shipped = os.path.join(package, "catalogue")
    return (
        shipped
        if os.path.isdir(shipped)
        else os.path.join(os.path.dirname(os.path.dirname(package)), "policies")
    )


def list_policy_files(folder: str) -> Iterator[str]:
    """The policy files below a folder, relative to it, sorted."""
    for here, folders, files in sorted(os.walk(folder)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(ENDINGS) and not name.startswith("."):
                yield os.path.relpath(os.path.join(here, name), folder).replace(os.sep, "/")


def load_policies(
    folder: str, shown: str, schema: Schema, *, area: str = "", with_cases: bool = False
) -> list[Policy]:
    """The policies below a folder, or of one area of it. Raises PolicyError with every problem of every file."""
    policies, problems = [], []
    for relative in list_policy_files(os.path.join(folder, area) if area else folder):
        file = f"{area}/{relative}" if area else relative
        try:
            policies.append(
                load_policy(os.path.join(folder, file), f"{shown}/{file}", schema, with_cases=with_cases)
            )
        except PolicyError as error:
            problems.extend(error.problems)
    if problems:
        raise PolicyError(*problems)
    return policies


def load_policy(path: str, shown: str, schema: Schema, *, with_cases: bool = False) -> Policy:
    """The policy in one file; its area is the name of its folder."""
    document = read_yaml_file(path, shown)
    return read_policy(document, schema, area=os.path.basename(os.path.dirname(shown)), with_cases=with_cases)


def refuse_duplicates(policies: list[Policy]) -> None:
    """Raises PolicyError where two policies have one id, with both places."""
    seen: dict[str, Policy] = {}
    problems = []
    for policy in policies:
        first = seen.setdefault(policy.id, policy)
        if first is not policy:
            also = (("the other one", first.location or Location("?")),)
            problems.append(
                Problem(
                    f"two policies have the id `{policy.id}`",
                    "give one another id, or leave one out",
                    policy.location,
                    also,
                )
            )
    if problems:
        raise PolicyError(*problems)
