"""The Action's step that judges: `policy check`, and everything that the runner is told of it."""

from __future__ import annotations

import json
import os
import sys
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from policy.gates.action.arguments import choose_revision, list_arguments, place_reports
from policy.gates.action.complaints import choose_shown, list_complaints, write_complaints
from policy.gates.action.event import read_event
from policy.gates.action.inputs import read_inputs
from policy.gates.action.results import ALLOWED, BLOCKED, HELD, count_left_out, list_outputs
from policy.gates.action.runner import add_summary, annotate, say, silence, write_outputs
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.gates.action.arguments import Reports
    from policy.gates.action.inputs import Inputs

# What is judged is not told where later steps read their settings from.
COMMAND_FILES = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
TOLD = (ALLOWED, BLOCKED, HELD)
INTERNAL_ERROR = 70


class Run(NamedTuple):
    """How `policy check` ended, and what it said on standard error."""

    code: int
    said: str


def check(environment: Mapping[str, str]) -> int:
    """Judge, and return the exit code of the judgement. Raises PolicyError for inputs of the Action."""
    from tempfile import mkdtemp

    inputs, event = read_inputs(environment), read_event(environment)
    revision = choose_revision(inputs, event, environment.get("GITHUB_WORKSPACE", "."))
    if revision and not inputs.policies_from:
        say(f"policies-from: {revision}, which this {event.name} is based on\n")
    folder = mkdtemp(prefix="tunegate-reports-", dir=environment.get("RUNNER_TEMP"))
    reports = place_reports(folder, inputs)
    run = call_policy(list_arguments(inputs, revision, reports), environment)
    document = _read_decisions(reports.decisions)
    if document is None and run.code in TOLD:
        # Nothing says what was judged, so nothing was allowed.
        run = run._replace(code=INTERNAL_ERROR)
    tell_results(run.code, document, reports, environment)
    complaints = show_annotations(run, _read(reports.annotations))
    show_report(
        _read(reports.markdown) + (write_complaints(run.said) if complaints else ""), inputs, folder, environment
    )
    return run.code


def call_policy(arguments: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Run the command; whatever it prints, no line of it is a command of the runner."""
    import subprocess

    kept = {name: value for name, value in environment.items() if name not in COMMAND_FILES}
    # Isolated: neither the workspace nor the job's settings for Python decide what is imported.
    command = [sys.executable, "-I", "-X", "utf8", "-m", "tunegate", *arguments]
    with silence():
        done = subprocess.run(command, env=kept, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)  # noqa: S603 - our own
        said = done.stderr.decode("utf-8", "backslashreplace")
        say(said)
    return Run(done.returncode, said)


def tell_results(
    code: int, document: Mapping[str, Any] | None, reports: Reports, environment: Mapping[str, str]
) -> None:
    """Write the outputs of the step."""
    write_outputs(environment, list_outputs(code, document) | list_files(code, reports))
    if left_out := count_left_out(document):
        annotate("warning", "decision-ids", f"{left_out} more ids than an output holds are in the file decisions-file")


def list_files(code: int, reports: Reports) -> dict[str, str]:
    """The reports that later steps may use.

    What a SARIF file does not have, code scanning takes for mended: there is none to upload of a run without a verdict.
    """
    found = {"decisions-file": reports.decisions, "sarif-file": reports.sarif if code in TOLD else ""}
    return {name: path for name, path in found.items() if os.path.exists(path)}


def show_annotations(run: Run, report: str) -> bool:
    """Print the commands of the report; where it does not tell why there is no verdict, that, and give True."""
    commands = [line for line in report.splitlines() if line.startswith("::")]
    say("".join(f"{command}\n" for command in commands))
    if run.code in TOLD or any(command.startswith("::error") for command in commands):
        return False
    complaints = list_complaints(run.said) or [(f"`policy check` ended with {run.code} and no word why",)]
    for lines in choose_shown(complaints):
        annotate("error", "no verdict", *lines)
    return True


def show_report(text: str, inputs: Inputs, folder: str, environment: Mapping[str, str]) -> None:
    """Show the report as the summary, and keep it for the step that comments, each where it is wanted."""
    if inputs.comment:
        path = os.path.join(folder, "comment.md")
        _write(path, f"{text}\n{mark_run(inputs, environment)}\n")
        write_outputs(environment, {"comment-file": path})
    if inputs.summary and not add_summary(environment, text):
        annotate("warning", "summary", "the report is too long for the summary of a step")


def mark_run(inputs: Inputs, environment: Mapping[str, str]) -> str:
    """A comment that is not shown, by which another run of the same job is told even where no report could be made."""
    where = (environment.get(name, "") for name in ("GITHUB_WORKFLOW", "GITHUB_JOB"))
    told = "\n".join((*where, inputs.gate, inputs.config_file, *inputs.paths))
    return f"<!-- tunegate-run:{sha256(told.encode(errors='backslashreplace')).hexdigest()[:12]} -->"


def _read_decisions(path: str) -> dict[str, Any] | None:
    text = _read(path)
    document: dict[str, Any] | None = json.loads(text) if text else None
    return document


def _read(path: str) -> str:
    """The text of a file; empty where there is none."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="backslashreplace") as stream:
        return stream.read()


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
        stream.write(text)
