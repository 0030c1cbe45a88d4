"""One project: its verdict, what decided it, the evidence, what is missing, and what the decision rests on."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from policy.reports.findings import list_findings
from policy.reports.html.findings import write_contradictions, write_finding
from policy.reports.html.gaps import write_gaps
from policy.reports.html.markup import Html, code, element, join, name, write_prose
from policy.reports.html.record import write_record
from policy.reports.html.words import OUTCOMES, VERDICTS, badge
from policy.reports.known import say_beyond
from policy.reports.layout import count_noun
from policy.reports.proposals import say_proposed

if TYPE_CHECKING:
    from policy.model.decision import Decision
    from policy.reports.reporter import ReportContext


def write_project(decision: Decision, context: ReportContext) -> Html:
    """The article of a project; it bears the time of its decision, which is the page's."""
    anchor = name_anchor(decision)
    findings = [write_finding(finding, decision, context) for finding in list_findings(decision)]
    parts = [
        _write_header(decision, anchor),
        *findings,
        write_contradictions(decision),
        write_gaps(decision, context),
        write_record(decision, context),
    ]
    return element(
        "article",
        *parts,
        class_=f"project {decision.verdict}",
        id=anchor,
        aria_labelledby=f"{anchor}-name",
        data_time=decision.time,
    )


def read_time(article: str) -> str:
    """When the project of an article was judged; nothing for a text that is none."""
    return article.partition(' data-time="')[2].partition('"')[0]


def name_anchor(decision: Decision) -> str:
    """Where a project stands in the page: by its decision, for names are anybody's."""
    return f"d-{decision.id.removeprefix('sha256:')[:16]}"


def _write_header(decision: Decision, anchor: str) -> Html:
    subject = decision.subject
    beyond = say_beyond(decision)
    files = [code(file) for file in (subject.manifest, subject.training_config) if file]
    title = element(
        "h3",
        badge(decision.verdict, VERDICTS[decision.verdict]),
        " ",
        name(subject.project or "a project without a name"),
        id=f"{anchor}-name",
    )
    return element(
        "header",
        title,
        element("p", join([*files, *([] if subject.manifest else ["no manifest covers this"])], ", "), class_="files"),
        element("p", say_counts(decision), class_="tally"),
        element("p", f"{beyond[:1].upper()}{beyond[1:]}.", class_="tally") if beyond else "",
        element("p", write_prose(say_proposed(decision)), class_="proposed") if decision.proposed else "",
    )


def say_counts(decision: Decision) -> str:
    """How the policies came out, in one line."""
    counts = Counter(outcome.outcome for outcome in decision.outcomes)
    if counts["not-applicable"] == len(decision.outcomes) and not decision.not_assessed:
        return f"No policy of the gate {decision.gate} applies to this project."
    said = [f"{counts[word]} {shown.lower()}" for word, shown in OUTCOMES.items() if counts[word]]
    missing = f"; {len(decision.not_assessed)} not assessed" if decision.not_assessed else ""
    return f"{count_noun(len(decision.outcomes), 'policy')}: {', '.join(said)}{missing}"
