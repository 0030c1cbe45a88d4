"""Whether a server could start here with a policy set, and do what it is to do in an outage of the ledger."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from policy.app.diagnosing.findings import ERROR, OK, WARNING, Finding, tell_problems
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.workspace import Workspace

FLASK_KEY: Final = "MLFLOW_FLASK_SERVER_SECRET_KEY"


def find_server(workspace: Workspace) -> Iterator[Finding]:
    """Whether a server could start with this policy set."""
    if workspace.policy_set.mlflow is None:
        return
    from policy.app.runs.panel import check_panel, load_panel
    from policy.language.phrases import count_words

    try:
        panel = load_panel(os.path.join(workspace.root, workspace.config or ""), workspace.root)
        check_panel(panel)
    except PolicyError as error:
        yield from tell_problems("mlflow server", error)
    else:
        count = count_words(len(panel.settings.bindings), "entry")
        yield Finding("mlflow server", OK, f"{count} of experiments, authentication by {panel.settings.app}")
        if panel.settings.app == "basic-auth" and not os.environ.get(FLASK_KEY):
            message = f"`{FLASK_KEY}` is not set here, and basic-auth does not start without it"
            remedy = "set it to a secret of yours where the server is started, and look there, with what is set for it"
            yield Finding("basic-auth", ERROR, message, remedy)


def find_spool_key(workspace: Workspace) -> Iterator[Finding]:
    """Whether the key is here with which a server signs what it does while the ledger is down."""
    settings, what = workspace.policy_set.mlflow, "spool key"
    if settings is None:
        return
    from policy.app.runs.spool_keys import VARIABLE, open_spool_key

    try:
        key = open_spool_key(settings)
    except PolicyError as error:
        yield from tell_problems(what, error)
        return
    if key is not None:
        yield Finding(what, OK, f"`{key.signing.verifier.short}`, which the policy set knows")
    elif settings.spool_keys:
        message = f"`{VARIABLE}` is not set here: nobody can break the glass while the ledger is down"
        remedy = "let it name the file of a key that `mlflow.spool_keys` has, where the server is started"
        yield Finding(what, WARNING, message, remedy)
