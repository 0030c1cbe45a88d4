"""The first screen: what was judged, when, by what, and how it came out, with the whole of it as denominator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.html.charts import draw_share, draw_verdicts
from policy.reports.html.markup import Html, element, items, join, table, write_prose
from policy.reports.html.scope import write_scope, write_selection
from policy.reports.html.words import OUTCOMES, OUTCOMES_ABOUT, VERDICTS, VERDICTS_ABOUT, write_place
from policy.reports.known import list_fixed_lines, say_states
from policy.reports.layout import count_noun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Problem
    from policy.model.summary import Summary
    from policy.reports.reporter import ReportContext


# More of them would push the projects out of sight.
SHOWN_PROBLEMS = 10
UNASSESSED_ABOUT = (
    "a fact or a parameter was missing, or judging broke. They are among those above, and none of them is a pass."
)


def write_overview(summary: Summary, problems: Sequence[Problem], context: ReportContext) -> Html:
    """Scope and counts, problems with the input, and what leads over to the projects."""
    parts = (
        element("h2", "Overview", id="overview"),
        element("p", say_result(summary, problems), class_="result"),
        *(element("p", told, class_="result") for told in _say_beyond(summary)),
        _write_verdicts(summary),
        element("div", write_scope(summary, problems, context), _write_outcomes(summary), class_="sides"),
        _say_rest(summary),
        write_selection(context.selection),
        _write_problems(problems),
    )
    lead = join((element("h2", "Projects", id="projects"), write_filter(summary)))
    return join((element("section", *parts, class_="overview"), lead), Html("\n"))


def say_result(summary: Summary, problems: Sequence[Problem]) -> str:
    """The run in one sentence."""
    if not summary.subjects:
        return "Nothing was judged."
    said = [f"{summary.verdicts[word]:,} {shown.lower()}" for word, shown in VERDICTS.items() if summary.verdicts[word]]
    broken = sum(problem.level == "error" for problem in problems)
    missing = f"; {count_noun(broken, 'problem')} with the input kept something from being judged" if broken else ""
    return f"{count_noun(summary.subjects, 'project')} judged: {', '.join(said)}{missing}."


def _write_verdicts(summary: Summary) -> Html:
    tiles = [
        element(
            "li",
            element("b", f"{summary.verdicts[word]:,}"),
            " ",
            element("span", shown),
            " ",
            element("small", VERDICTS_ABOUT[word]),
            class_=word,
        )
        for word, shown in VERDICTS.items()
    ]
    return join((draw_verdicts(summary), element("ul", *tiles, class_="tiles")))


def _write_outcomes(summary: Summary) -> Html:
    total = summary.outcomes.total()
    rows: list[tuple[str, ...]] = [
        (
            join((shown, " ", element("small", OUTCOMES_ABOUT[word]))),
            f"{summary.outcomes[word]:,}",
            draw_share(summary.outcomes[word], total, word),
        )
        for word, shown in OUTCOMES.items()
    ]
    rows.append((element("b", "All"), element("b", f"{total:,}"), ""))
    caption = "Every policy of the gate on every project"
    return table(caption, ("Outcome", "Results", "Share"), rows, class_="counts")


def _say_rest(summary: Summary) -> Html:
    kept = [f"{count:,} would {effect}" for effect, count in sorted(summary.kept_back.items()) if count]
    said = [
        f"{count_noun(summary.unassessed, 'result')} not assessed: {UNASSESSED_ABOUT}",
        f"Held back by a mode, a waiver or the gate: {', '.join(kept) or 'nothing'}.",
        f"{count_noun(summary.contradictions, 'contradiction')} between what is declared and what was observed.",
        f"{count_noun(summary.inapplicable, 'project')} to which no policy of the gate applies.",
    ]
    return items([*said, *_say_baseline(summary)], class_="rest")


def _say_beyond(summary: Summary) -> Iterator[str]:
    """How the run ends, where a baseline covers some of what was found."""
    counts = summary.baseline
    if counts is not None and summary.subjects:
        said = [
            f"{counts.verdicts[word]:,} {shown.lower()}" for word, shown in VERDICTS.items() if counts.verdicts[word]
        ]
        yield f"Beyond the baseline, which is what ends the run: {', '.join(said)}. The counts below leave it aside."


def _say_baseline(summary: Summary) -> Iterator[str]:
    """How the run compares with its baseline."""
    counts = summary.baseline
    if counts is None:
        return
    yield f"Findings against the baseline {counts.file}: {say_states(counts)}."
    yield from (f"{line[:1].upper()}{line[1:]}." for line in list_fixed_lines(counts))


def _write_problems(problems: Sequence[Problem]) -> Html:
    if not problems:
        return Html("")
    rows = [
        (
            "Not judged" if problem.level == "error" else "Warning",
            write_prose(problem.message),
            write_prose(problem.remedy),
            write_place(problem.location),
        )
        for problem in sorted(problems, key=lambda problem: problem.level)
    ]
    told = table("Problems with the input", ("Kind", "What is wrong", "What to do", "Where"), rows, class_="problems")
    if len(rows) <= SHOWN_PROBLEMS:
        return told
    return element("details", element("summary", f"{count_noun(len(rows), 'problem')} with the input"), told)


def write_filter(summary: Summary) -> Html:
    """Choices that the style sheet acts on; a verdict that no project has cannot be chosen."""
    choices = [_write_choice("all", f"All {summary.subjects:,}", checked=True)]
    choices += [
        _write_choice(word, f"{shown} {summary.verdicts[word]:,}")
        for word, shown in VERDICTS.items()
        if summary.verdicts[word]
    ]
    return element("fieldset", element("legend", "Show"), *choices, class_="filter")


def _write_choice(word: str, shown: str, *, checked: bool = False) -> Html:
    anchor = f"show-{word}"
    button = element("input", type="radio", name="show", id=anchor, checked="checked" if checked else "")
    return join((button, element("label", shown, for_=anchor)), " ")
