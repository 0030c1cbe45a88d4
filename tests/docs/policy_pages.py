"""The pages of the catalogue, by the function that writes an organisation's own."""

from __future__ import annotations

from pathlib import Path

from policy.app.documentation import make_pages
from policy.app.workspace import BUILTINS, Workspace
from policy.loading.catalogue import catalogue_folder, list_policies, load_policies
from policy.model.fields import SCHEMA
from policy.model.policy import PolicySet
from policy.plugins.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "policies"


def write_policy_pages() -> dict[str, str]:
    """Every page by its path in `docs/policies`: the whole catalogue, whatever policy set is in force here."""
    policies = load_policies(list_policies(catalogue_folder(), "catalogue"), SCHEMA, with_cases=True)
    workspace = Workspace(str(ROOT), PolicySet(tuple(policies)), Registry(BUILTINS), None)
    return make_pages(workspace, str(FOLDER))
