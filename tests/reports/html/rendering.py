"""Pages made as the command makes them, and what a reader of HTML finds in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from html.parser import HTMLParser
from typing import NamedTuple

from policy.errors import Location, Problem
from policy.model.decision import Subject
from policy.model.gates import VERDICTS
from policy.model.policy import PolicySet
from policy.model.summary import Summary
from policy.model.waiver_entry import Doubt, Standing, WaiverEntry, Waiving
from policy.reports.html.reporter import HtmlReporter
from policy.reports.reporter import ReportContext
from tests.building import make_policy
from tests.reports.scenarios import LICENSES, POLICIES, SCENARIOS, Scenario, allow, block

VOID = {"br", "input", "meta"}
LISTED = make_policy(
    """\
policy: listed
title: Name an owner
severity: low
require: {data.rows: {at_least: {param: rows}}}
params: {rows: {default: 10, about: Rows}}
effect: {release: block}
because: Somebody has to `answer` for it.
references: ["https://example.com/a?b=1&c=2", "javascript:alert(1)", "A book, page 7"]
controls: {iso-42001: [A.7.2], eu-ai-act: [Art. 10]}
""",
    "policies/listed.yaml",
)
WAIVER = WaiverEntry(
    policy="volatile-data",
    subject="support-*",
    reason="the old data is `kept`",
    owner="support-ml",
    requested_by="kim",
    expires=date(2026, 12, 31),
    id="W-7",
    ticket="OPS-12",
    compensating_control="a person reads every answer",
    approved_by="lee",
    approved_on=date(2026, 11, 1),
    location=Location("waivers.yaml", 3, 5, 3, 9),
)
STANDINGS = (
    Standing(WAIVER, "expiring", days_left=1, used=True),
    Standing(
        WaiverEntry("few-examples", "*", "later", "", "kim", date(2026, 11, 1)),
        "expired",
        (Doubt("it ended on 2026-11-01", "ask for a new one"),),
        -19,
    ),
)
PROBLEMS = (
    Problem("`odd.yaml` is odd", "look at it", level="warning"),
    Problem("`aproach` is no field", "write `approach`", Location("b/ml-manifest.yaml", 3, 1, 3, 8)),
)


def make_context(fail_on: str = "block", gate: str = "check") -> ReportContext:
    """All policies of the scenarios, a parameter with another value, and a policy that the gate does not judge."""
    policies = (*POLICIES, LICENSES, LISTED)
    policy_set = PolicySet(
        policies,
        name="acme",
        params={"volatile-data.shortest_interval": 14 * 86_400_000, "listed.rows": 10},
        places={("params", "volatile-data", "shortest_interval"): Location("policy.yaml", 4, 3, 4, 9)},
        waiving=Waiving((WAIVER,)),
        modes={"few-examples": "observe"},
        starts={"citations-required": date(2027, 1, 1)},
    )
    context = allow().context(fail_on=fail_on)
    by_id = {policy.id: policy for policy in policies}
    return context._replace(policy_set=policy_set, policies=by_id, config="policy.yaml", gate=gate)


def render(
    scenarios: Iterable[Scenario] = (),
    problems: Sequence[Problem] = (),
    waivers: tuple[Standing, ...] = (),
    context: ReportContext | None = None,
) -> str:
    """The whole page, projects of the worst verdict first."""
    reporter, summary, context = HtmlReporter(), Summary(), context or make_context()
    waiting: dict[str, list[str]] = {verdict: [] for verdict in reversed(VERDICTS)}
    head = reporter.start(context)
    for scenario in scenarios:
        summary.count(scenario.decision)
        waiting[scenario.decision.verdict].append(reporter.report_decision(scenario.decision, context))
    summary.waivers = waivers
    tail = reporter.finish(summary, problems, context)
    return "".join(reporter.compose(head, (text for texts in waiting.values() for text in texts), tail))


def render_all() -> str:
    """A page that has everything."""
    return render((make() for make in SCENARIOS.values()), PROBLEMS, STANDINGS)


def repeat(number: int, make: Scenario | None = None) -> Iterable[Scenario]:
    """So many projects that differ in their names."""
    scenario = make or block()
    for count in range(number):
        subject = Subject(f"project-{count}", f"projects/{count}/ml-manifest.yaml")
        yield scenario._replace(decision=scenario.decision._replace(subject=subject, id=make_id(count)))


def make_id(number: int) -> str:
    """A decision's id."""
    return f"sha256:{number:016x}{'0' * 48}"


class Element(NamedTuple):
    """An element with its attributes and all text in it."""

    name: str
    attributes: dict[str, str]
    text: list[str]

    @property
    def said(self) -> str:
        return " ".join("".join(self.text).split())


class Page(HTMLParser):
    """All elements of a page in their order; breaks off where they are not nested as they should be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()
        assert not self._open, f"<{self._open[-1].name}> is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = Counter(name for name, _ in attrs)
        if tag in ("br", "p"):
            self.handle_data(" ")
        assert max(names.values(), default=1) == 1, f"<{tag}> has an attribute twice"
        element = Element(tag, {name: value or "" for name, value in attrs}, [])
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text.append(data)

    def find(self, name: str, class_: str = "") -> list[Element]:
        """The elements of a name, or those of them in a class."""
        found = [element for element in self.elements if element.name == name]
        return [one for one in found if not class_ or class_ in one.attributes.get("class", "").split()]

    def text_of(self, name: str, class_: str = "") -> list[str]:
        return [element.said for element in self.find(name, class_)]

    def values(self, attribute: str) -> list[str]:
        return [element.attributes[attribute] for element in self.elements if attribute in element.attributes]
