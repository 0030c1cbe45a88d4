"""Five thousand projects in one repository: what each report adds to judging, and what one change takes to check."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.manifest_texts import write_projects
from benchmarks.processes import Command
from benchmarks.table import Budget, print_table
from benchmarks.timing import time_interleaved

MANY, ROUNDS, CHECKS = 5_000, 3, 15
REPORT, CHANGE = Budget(1.2), Budget(1.5)
FORMATS = ("text", "short", "json", "sarif", "junit", "github", "gitlab", "markdown", "csv", "html")
ALONE = "judging alone"
CHANGED = "team-07/project-00007"
POLICY_SET = "policy_set: 1\nname: reports\npolicies: [catalogue]\nplugins: [nothing_report]\n"
NOTHING = '''\
"""A report that says nothing, so that judging is timed alone."""

from policy import hookimpl


class Nothing:
    name, separator, worst_first = "nothing", "", False

    def start(self, context):
        return ""

    def report_decision(self, decision, context):
        return ""

    def finish(self, summary, problems, context):
        return ""


@hookimpl
def reporters():
    return {"nothing": Nothing}
'''


def run() -> bool:
    """Print both tables; whether the budgets are kept."""
    with tempfile.TemporaryDirectory() as folder:
        write_repository(folder)
        os.environ["PYTHONPATH"] = plugins = os.path.join(folder, "plugins")
        os.makedirs(plugins)
        with open(os.path.join(plugins, "nothing_report.py"), "w", encoding="utf-8") as stream:
            stream.write(NOTHING)
        repository = os.path.join(folder, "repository")
        within = run_formats(repository)
        return run_change(repository) and within


def write_repository(folder: str) -> None:
    """A repository of many projects, of which one is changed since the last commit."""
    repository = os.path.join(folder, "repository")
    write_projects(repository, MANY)
    with open(os.path.join(repository, "policy.yaml"), "w", encoding="utf-8") as stream:
        stream.write(POLICY_SET)
    named = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com")
    for arguments in (("init", "--quiet"), ("add", "--all"), (*named, "commit", "--quiet", "--message", "all")):
        subprocess.run(("git", *arguments), cwd=repository, check=True)
    with open(os.path.join(repository, CHANGED, "ml-manifest.yaml"), "a", encoding="utf-8") as stream:
        stream.write("# A change.\n")


def check(repository: str, *options: str) -> Command:
    """`policy check` with some options."""
    path = os.environ["PYTHONPATH"]
    start = f"import sys; sys.path.insert(0, {path!r}); from tunegate import main; sys.exit(main())"
    return Command((sys.executable, "-c", start, "check", *options), repository, (0, 1))


def run_formats(repository: str) -> bool:
    """The time of each format beside judging alone."""
    names = {ALONE: "nothing", **{name: name for name in FORMATS}}
    commands = {name: check(repository, "--jobs", "1", "--output", written) for name, written in names.items()}
    times = time_interleaved({name: command.run for name, command in commands.items()}, ROUNDS)
    alone, rows, within = times[ALONE].least, [], True
    for name, spent in times.items():
        ratio = spent.least / alone
        said = "" if name == ALONE else REPORT.say(ratio)
        within &= REPORT.is_met(ratio)
        each = f"{spent.least / MANY * 1e6:.0f}"
        rows.append((name, f"{spent.median:.2f}", f"{spent.least:.2f}", each, f"{ratio:.2f}", said))
    print_table(
        f"Reports of {MANY:,} projects",
        f"Whole processes, one each, their reports thrown away, {ROUNDS} interleaved runs, s. The ratio is that of\n"
        "the least times to a report that says nothing.",
        ("report", "median", "least", "µs a project", "ratio", "budget"),
        rows,
    )
    return within


def run_change(repository: str) -> bool:
    """The time for one change among many projects, beside that for one project that is named."""
    named, since = f"check {CHANGED}", "check --changed-since HEAD"
    git = "git status --porcelain"
    commands = {
        named: check(repository, CHANGED),
        since: check(repository, "--changed-since", "HEAD"),
        git: Command(("git", "status", "--porcelain"), repository),
    }
    times = time_interleaved({name: command.run for name, command in commands.items()}, CHECKS)
    ratio = times[since].median / times[named].median
    rows = []
    for name, spent in times.items():
        share = spent.median / times[named].median
        said = CHANGE.say(ratio) if name == since else ""
        rows.append((name, f"{spent.median * 1e3:.0f}", f"{spent.least * 1e3:.0f}", f"{share:.2f}", said))
    print_table(
        f"One change among {MANY:,} projects",
        f"Whole processes, {CHECKS} interleaved runs, ms. The ratio is that of the medians to the one project that is\n"
        "named. What git itself takes to look for changes stands beside them.",
        ("process", "median", "least", "ratio", "budget"),
        rows,
    )
    return CHANGE.is_met(ratio)
