"""What an MLflow server has beside what the ledger says of it, and where they contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.app.runs.attempt import ADMITTED, HELD, REFUSED, REOPENED, TRAINING
from policy.app.runs.sent import DIGEST_TAG
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.app.runs.remote_runs import RemoteModel, RemoteRun, RemoteVersion
    from policy.model.mlflow_settings import Binding
    from policy.records.runs.rows import RunRow

KINDS: Final = (
    "unrecorded-run",
    "unadmitted-run",
    "reopened-run",
    "differing-run",
    "lost-run",
    "unadmitted-model",
    "unadmitted-version",
    "unadmitted-alias",
)
_UNFIT: Final = {
    HELD: ("unadmitted-run", "nobody has approved it"),
    REFUSED: ("unadmitted-run", "it must not go on"),
    # The guard lets it go on, and judges it when somebody resumes it.
    REOPENED: ("reopened-run", "it was not judged again since it changed"),
}
BEGUN: Final = ("RUNNING", "FINISHED")
NEVER_MET: Final = "is on no record: it never met the gate"
SHOWN: Final = 80
# As MLflow itself makes prompts, which hold no model.
_PROMPT: Final = "mlflow.prompt.is_prompt"
_PROMPT_SOURCES: Final = ("prompt-template", "dummy-source")
_MODELS: Final = "models:/"


class Finding(NamedTuple):
    """Something that went past the gate, or seems to have; what it is not about is empty."""

    kind: str
    message: str
    run: str = ""
    experiment: str = ""
    model: str = ""
    version: str = ""


def compare_run(run: RemoteRun, row: RunRow | None) -> Iterator[Finding]:
    """A run that MLflow has, beside its last step in the ledger."""
    if row is None:
        yield Finding("unrecorded-run", f"the run {run.id} {NEVER_MET}", run.id, run.experiment)
        return
    if row.state in _UNFIT and run.status in BEGUN:
        kind, why = _UNFIT[row.state]
        message = f"the run {run.id} is {run.status}, and by the ledger {row.state}: {why}"
        yield Finding(kind, message, run.id, run.experiment)
    differences = [*_list_differences(run, row)]
    if differences:
        message = f"the run {run.id} is not as the ledger has it: {'; '.join(differences)}"
        yield Finding("differing-run", message, run.id, run.experiment)


def _list_differences(run: RemoteRun, row: RunRow) -> Iterator[str]:
    if run.experiment != row.experiment:
        yield f"it is in the experiment {run.experiment}, and was judged in {row.experiment}"
    mirrored = {"policy.state": row.state, "policy.verdict": row.verdict, "policy.decision": row.decision}
    if DIGEST_TAG in run.tags or not row.parent:
        # A child may have the manifest of its parent, and names none.
        mirrored[DIGEST_TAG] = row.manifest
    for key, value in mirrored.items():
        found = run.tags.get(key, "")
        if found != value:
            yield f"its tag `{key}` is {_show(found)}, and by the ledger {_show(value)}"


def _show(value: str) -> str:
    cut = value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
    return f"`{cut}`" if value else "nothing"


def report_lost(row: RunRow) -> Finding:
    """A run of the ledger that MLflow does not have."""
    message = f"the run {row.run} is {row.state} by the ledger, and MLflow has it no more: it was deleted for good"
    return Finding("lost-run", message, row.run, row.experiment)


def compare_model(model: RemoteModel, row: RunRow | None, experiment: str) -> Iterator[Finding]:
    """A logged model of a governed experiment, beside what the ledger says of its run."""
    if row is None:
        why = f"its run {model.run} {NEVER_MET}" if model.run else "it names no run"
        message = f"the logged model {model.id} comes from nothing that was admitted: {why}"
        yield Finding("unadmitted-model", message, model.run, experiment)


def is_prompt(version: RemoteVersion) -> bool:
    """Whether it is a prompt and holds no model."""
    tagged = version.tags.get(_PROMPT, "").lower() == "true"
    return tagged and not version.run and version.source in _PROMPT_SOURCES


def name_logged_model(version: RemoteVersion) -> str:
    """The logged model that a version is made of; empty where it names none."""
    name = version.source.removeprefix(_MODELS).strip("/")
    return name if version.source.startswith(_MODELS) and name and "/" not in name else ""


def compare_version(
    version: RemoteVersion, row: RunRow | None, binding: Binding, aliases: Sequence[str], *, is_current: bool = True
) -> Iterator[Finding]:
    """A version of a bound model and its aliases, beside what the ledger says of its run.

    One that is not current was made before its run was changed.
    """
    why = _find_fault(version, row, binding)
    if not why and not is_current:
        why = f"its run {version.run} was changed after it was made"
    if not why:
        return
    named = f"version {version.version} of `{version.model}`"
    about = {"run": version.run, "model": version.model, "version": version.version}
    yield Finding("unadmitted-version", f"{named} comes from no admitted run: {why}", **about)
    for alias in aliases:
        yield Finding("unadmitted-alias", f"the alias `{alias}` is one of {named}: {why}", **about)
    if version.stage:
        yield Finding("unadmitted-alias", f"{named} has the stage `{version.stage}`: {why}", **about)


def _find_fault(version: RemoteVersion, row: RunRow | None, binding: Binding) -> str:
    """Why it should not be there; empty where nothing speaks against it."""
    if not version.run:
        return "it names no run"
    if row is None:
        return f"its run {version.run} {NEVER_MET}"
    if row.state != ADMITTED:
        return f"its run {version.run} is {row.state}"
    if row.activity != TRAINING:
        return f"its run {version.run} was admitted as `{row.activity}` only"
    if not binding.takes(row.project):
        return f"its run {version.run} is one of `{row.project}`, whose models have other names"
    return ""
