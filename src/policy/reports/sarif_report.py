"""Decisions as SARIF 2.1.0, which code-scanning services read: one run, a rule a policy, a result a finding."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from policy.__about__ import __version__
from policy.model.summary import exit_code
from policy.reports.alerts import end_sentence, list_alerts
from policy.reports.findings import find_alternatives, say_wanted
from policy.reports.fingerprints import CONTRADICTION, PROPOSED, UNASSESSED, number
from policy.reports.json_report import baseline_document, summary_document, write_json
from policy.reports.known import list_fixed_lines, say_comparison
from policy.reports.layout import clean, count_noun
from policy.reports.proposals import say_setting
from policy.reports.sarif_places import ROOT, encode_address, is_inside, write_place
from policy.reports.sarif_rules import LEVELS, list_rules, list_taxonomies, quote_braces
from policy.reports.waived import find_entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Problem
    from policy.model.decision import Decision, Outcome
    from policy.model.policy import Policy
    from policy.model.summary import Summary
    from policy.reports.alerts import Alert
    from policy.reports.reporter import ReportContext

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT: Final = "policyFinding/v1"
# GitHub refuses a run with more results, and a file of more than 10 MB when compressed, which is a tenth or less.
RESULTS: Final = 25_000
CHARACTERS: Final = 80_000_000
# What is no failure: there is too little to tell, or nothing is done yet.
KINDS: Final = {UNASSESSED: "open", PROPOSED: "informational"}
BASELINE_STATES: Final = {"known": "unchanged", "improved": "updated", "worsened": "updated", "new": "new"}
# What stands behind the last notification.
END: Final = "]}]}"


class SarifReporter:
    """The report for code scanning: worst projects first, so that they are kept where there are too many results."""

    name = "sarif"
    separator = ""
    worst_first = True

    def start(self, context: ReportContext) -> str:
        """The head, up to the first result: the tool and its rules."""
        policy_set, gate = context.policy_set, context.gate
        rules = list_rules(policy_set, gate)
        taxonomies = list_taxonomies(policy_set, gate)
        driver = {"name": "tunegate", "version": __version__, "semanticVersion": __version__, "rules": rules}
        if taxonomies:
            driver["supportedTaxonomies"] = [{"name": item["name"]} for item in taxonomies]
        run = {
            "tool": {"driver": driver},
            "taxonomies": taxonomies,
            "automationDetails": {"id": f"tunegate/{gate}/"},
            "originalUriBaseIds": {ROOT: {"description": {"text": "The root of what was judged."}}},
            "columnKind": "unicodeCodePoints",
        }
        return f'{{"$schema": "{SCHEMA}",\n"version": "2.1.0",\n"runs": [{write_json(run)[:-1]},\n"results": [\n'

    def report_decision(self, decision: Decision, context: ReportContext) -> str:
        """A line for every alert: its fingerprint, its file, and the result."""
        return "".join(f"{line}\n" for line in _write_results(decision, context))

    def finish(self, summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
        """What stands behind the results: how the run went, and its counts."""
        counted = exit_code(summary, problems, context.fail_on)
        code = counted if context.exit_code is None else context.exit_code
        counts = {"gate": context.gate, "policySet": clean(context.policy_set.name)}
        run = {
            "properties": {**counts, "summary": summary_document(summary), **_list_counts(summary)},
            "invocations": [
                {"executionSuccessful": code in (0, 1, 4), "exitCode": code, "toolExecutionNotifications": []}
            ],
        }
        notes = ",\n".join(map(write_json, _list_notes(summary, problems, context)))
        return f"{write_json(run).removesuffix(END)}{notes}{END}"

    def compose(self, head: str, decisions: Iterator[str], tail: str) -> Iterator[str]:
        """The document: as many results as are accepted, and how many are left out."""
        chosen = ResultChooser()
        yield head
        for text in decisions:
            yield from map(chosen.choose, text.splitlines())
        yield f"\n],\n{tail[1 : -len(END)]}"
        if chosen.left_out:
            said = (
                f"{count_noun(chosen.left_out, 'result')} left out, of the projects with the mildest verdicts: code "
                f"scanning takes no more than {RESULTS:,}, and no larger files. Check folders one by one, or read "
                "another format."
            )
            yield ("" if tail.endswith(f"[{END}") else ",\n") + write_json(_notify(said, "warning"))
        yield f"{END}]}}\n"


class ResultChooser:
    """Takes results one by one, up to what is accepted, and numbers those that are alike."""

    def __init__(self) -> None:
        self.left_out = 0
        self._taken = 0
        self._size = 0
        self._seen: Counter[str | tuple[str, str]] = Counter()

    def choose(self, line: str) -> str:
        """The result as it stands in the list; nothing where there is no room."""
        fingerprint, file, result = line.split("\t", 2)
        if self._taken == RESULTS or self._size + len(result) > CHARACTERS:
            self.left_out += 1
            return ""
        # GitHub looks for alike results in one file only: an order among files would make new ones of old ones.
        self._seen.update((fingerprint, (fingerprint, file)))
        position, within = self._seen[fingerprint], self._seen[fingerprint, file]
        if position > 1:
            result = result.replace(fingerprint, number(fingerprint, position), 1)
            result = result.replace(_mark_line(fingerprint, 1), _mark_line(fingerprint, within), 1)
        self._taken += 1
        self._size += len(result)
        return result if self._taken == 1 else f",\n{result}"


def _mark_line(fingerprint: str, position: int) -> str:
    """What GitHub tells a result by: sixteen digits, and which of several it is."""
    return f'"{fingerprint[:16]}:{position}"'


def _write_results(decision: Decision, context: ReportContext) -> Iterator[str]:
    for alert in list_alerts(decision, context):
        result = write_json(_make_result(alert, decision, context))
        yield f"{alert.fingerprint}\t{encode_address(alert.place.file)}\t{result}"


def _make_result(alert: Alert, decision: Decision, context: ReportContext) -> dict[str, Any]:
    outcome, subject = alert.outcome, decision.subject
    level = LEVELS.get(alert.effect or "", "note")
    result: dict[str, Any] = {
        "fingerprints": {FINGERPRINT: alert.fingerprint},
        "partialFingerprints": {"primaryLocationLineHash": f"{alert.fingerprint[:16]}:1"},
        "ruleId": alert.rule,
        "level": "warning" if alert.rule == CONTRADICTION else level,
        "message": {"text": quote_braces(alert.message)},
        "locations": [write_place(alert.place)],
        "properties": {"project": clean(subject.project), "verdict": decision.verdict, "decision": decision.id},
    }
    if alert.rule in KINDS:
        result |= {"kind": KINDS[alert.rule], "level": "none"}
    if outcome is not None:
        result["properties"] |= {"outcome": outcome.outcome, "effect": outcome.effect, "wouldBe": outcome.would_be}
        related = list(_list_related(alert, outcome, context.policies.get(outcome.policy)))
        if related:
            result["relatedLocations"] = related
    if alert.comparison is not None:
        result["baselineState"] = BASELINE_STATES[alert.comparison.state]
    if alert.is_known:
        justification = clean(say_comparison(alert.comparison))
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": justification}]
    if alert.approved and outcome is not None:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": clean(outcome.note)}]
    if alert.waived and outcome is not None:
        result["suppressions"] = [_make_suppression(outcome, decision, context)]
    return result


def _list_related(alert: Alert, outcome: Outcome, policy: Policy | None) -> Iterator[dict[str, Any]]:
    """The other places that decided, with what the policy asks for there."""
    if len(outcome.because) < 2:
        return
    alternatives = find_alternatives(policy)
    places = {
        reason.location: f"{reason.field}, {say_wanted(reason, alternative=reason.required_at in alternatives)}"
        for reason in reversed(outcome.because)
        if reason.location and reason.result != "true" and reason.location != alert.place
    }
    for position, place in enumerate(reversed(places), 1):
        yield {"id": position, **write_place(place, quote_braces(clean(places[place])))}


def _make_suppression(outcome: Outcome, decision: Decision, context: ReportContext) -> dict[str, Any]:
    """The waiver that the outcome names, with who approved it and why."""
    entry = next(find_entries(outcome, decision, context), None)
    suppression: dict[str, Any] = {"kind": "external", "status": "accepted", "justification": clean(outcome.note)}
    if entry is None:
        return suppression
    parts = {"approved by": entry.approved_by, "owner": entry.owner, "ticket": entry.ticket}
    parts |= {"compensating control": entry.compensating_control, "expires": entry.expires.isoformat()}
    told = "; ".join(f"{word}: {text}" for word, text in parts.items() if text)
    suppression["justification"] = f"{end_sentence(clean(entry.reason))} ({clean(told)})"
    if entry.location is not None and is_inside(entry.location.file):
        suppression["location"] = write_place(entry.location)
    return suppression


def _list_counts(summary: Summary) -> dict[str, Any]:
    """How the run compares with its baseline, where it has one."""
    document = baseline_document(summary.baseline)
    return {} if document is None else {"baseline": document}


def _list_notes(summary: Summary, problems: Sequence[Problem], context: ReportContext) -> Iterator[dict[str, Any]]:
    """What is to be said of the run: whose policies judged, what was wrong with the input, and what broke."""
    for line in (*say_setting(context).splitlines(), *list_fixed_lines(summary.baseline)):
        yield _notify(end_sentence(clean(line)), "note")
    yield from map(_write_problem, problems)
    if summary.outcomes["error"]:
        said = f"{count_noun(summary.outcomes['error'], 'policy')} could not be judged; each is among the results."
        yield _notify(said, "error")


def _write_problem(problem: Problem) -> dict[str, Any]:
    """A problem with the input."""
    said = " ".join(end_sentence(clean(text)) for text in (problem.message, problem.remedy) if text)
    place = problem.location
    if place is not None and not is_inside(place.file):
        said = f"{clean(str(place))}: {said}"
    note = _notify(said, "error" if problem.level == "error" else "warning")
    if place is not None and is_inside(place.file):
        note["locations"] = [write_place(place)]
    return note


def _notify(text: str, level: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": quote_braces(text)}}
