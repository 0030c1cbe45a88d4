"""`policy evidence`: all that is known of the projects below some paths, and what is not."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from policy.app.kept_files import list_set_files
from policy.app.observing import Observation, ObservationRequest
from policy.errors import PolicyError
from policy.gates.cli.options import config_option, time_option
from policy.gates.cli.outputs import Output
from policy.gates.cli.problems import print_problems, relocate
from policy.gates.cli.progress import show_progress
from policy.gates.cli.streams import use_colour
from policy.gates.cli.targets import parse_targets, refuse_inputs, refuse_links
from policy.loading.discovery import find_root
from policy.reports.evidence.document import JsonEvidence
from policy.reports.evidence.text import TextEvidence
from policy.reports.evidence.view import Counts, EvidenceContext
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

FORMS: dict[str, type[TextEvidence | JsonEvidence]] = {"text": TextEvidence, "json": JsonEvidence}


class Sink(NamedTuple):
    """A form, where it goes, and how it is shown there."""

    form: TextEvidence | JsonEvidence
    out: Output
    context: EvidenceContext


@click.command("evidence")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    metavar="FMT[=FILE]",
    help="A format (text, json) and the file it goes to; without a file, standard output. Repeatable.",
)
@click.option("--all", "everything", is_flag=True, help="Name also what is not known and no policy asks for.")
@time_option
@config_option
def command(
    paths: tuple[str, ...], outputs: tuple[str, ...], everything: bool, now: datetime, config: str | None
) -> int:
    """Show all facts about every project below the PATHs (by default: below here), and judge nothing.

    Beside each value stands who says so: declared in the manifest, observed, attested or estimated, with the file and
    line or the kind of evidence. `!` marks claims that contradict each other; the first value is the one that
    policies are judged on. At the end of each project stands what is not known and a policy in force asks for, why,
    and what would settle it.

    \b
    policy evidence
    policy evidence examples/reply-tone
    policy evidence --output json=evidence.json --output text

    Exit codes: 0 also where there are no facts, 2 the input is wrong.
    """  # noqa: D301 - click needs the character itself to leave lines as they are
    targets = parse_targets(outputs, FORMS)
    request = ObservationRequest(paths or (".",), now.date(), config, everything)
    observation = open_observation(request)
    refuse_links(targets, observation.workspace.root)
    refuse_inputs(targets, list_inputs(observation))
    with ExitStack() as stack:
        sinks = []
        for target in targets:
            form = FORMS[target.format]()
            out = Output(target, form)
            stack.callback(out.discard)
            colour = use_colour() and target.path is None
            sinks.append(Sink(form, out, EvidenceContext(observation.show_path, colour)))
        stack.enter_context(show_progress())
        write_evidence(observation, sinks)
    return 2 if any(problem.level == "error" for problem in observation.problems) else 0


def open_observation(request: ObservationRequest) -> Observation:
    """The run, before anything is looked at. Raises PolicyError."""
    try:
        return Observation(request)
    except PolicyError as error:
        raise relocate(error, find_root(request.paths[0])) from None


def list_inputs(observation: Observation) -> Iterator[str]:
    """The files that no report may take the place of."""
    for item in observation.items:
        for file in item.inputs:
            yield os.path.join(observation.workspace.root, file)
    yield from list_set_files(observation.workspace)


def write_evidence(observation: Observation, sinks: list[Sink]) -> None:
    """Look, and write in every form what is found, as it is found."""
    counts = Counts()
    for form, out, context in sinks:
        out.start(form.start(context))
    for view in observation.run():
        counts.add(view)
        for form, out, context in sinks:
            out.add("allow", form.show(view, context))
    print_problems(observation.problems, observation.show_path)
    for form, out, context in sinks:
        out.finish(form.finish(counts, observation.problems, context))
