"""The catalogue, contributed as a plugin would contribute it."""

from __future__ import annotations

from policy.loading.catalogue import catalogue_folder
from policy.plugins.contracts import PolicySource
from policy.plugins.hookspecs import hookimpl


@hookimpl
def policy_sources() -> list[PolicySource]:
    """The policies that ship with the package."""
    return [PolicySource("catalogue", catalogue_folder())]
