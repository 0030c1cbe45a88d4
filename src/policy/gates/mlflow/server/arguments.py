"""What the arguments of MLflow's methods may say: nothing that is the server's own to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.sent import ACTIVITY_TAG, DIGEST_TAG
from policy.gates.mlflow.server.refusals import check_key, check_tags, refuse

if TYPE_CHECKING:
    Arguments = dict[str, Any]

CLAIMS: Final = (DIGEST_TAG, ACTIVITY_TAG)


def check_arguments(arguments: Arguments) -> None:
    """Raises where any argument writes a tag that mirrors the ledger."""
    check_tags(arguments.get("tags"))
    for dataset in arguments.get("datasets") or ():
        check_tags(dataset.tags)
    for name in ("tag", "trace_info"):
        if arguments.get(name) is not None:
            check_tags([arguments[name]] if name == "tag" else arguments[name].tags)
    check_key(arguments.get("key"))


def check_claims(manifest: str, activity: str, arguments: Arguments) -> None:
    """Raises where a run that was judged is given another manifest or activity: a run has one of each."""
    tags = [*(arguments.get("tags") or ()), *([arguments["tag"]] if arguments.get("tag") is not None else [])]
    said = {tag.key: tag.value for tag in tags}
    for key, value in ((DIGEST_TAG, manifest), (ACTIVITY_TAG, activity)):
        if key in said and said[key] != value:
            raise refuse(f"the run was judged with `{key}` = `{value}`: begin another run for another one")
    if arguments.get("key") in CLAIMS:
        raise refuse(f"the run was judged with its tag `{arguments['key']}`, which stays")
