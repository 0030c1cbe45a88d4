"""A manifest drafted from what was found and what was said: nothing in it that nobody stated and nothing shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.drafts.asking import ESTIMATED, list_asked
from policy.app.drafts.text import Item, Line, write_comment, write_lines, write_list, write_scalar
from policy.model.derived.derivations import PROVEN
from policy.model.fact import ABSENT, Fact, Members
from policy.model.fields import HISTORY
from policy.model.kinds import EnumKind, ListKind, RecordsKind
from policy.reports.evidence.cells import say_value
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from policy.app.drafts.cards import FoundSource
    from policy.app.drafts.findings import Findings
    from policy.model.kinds import Kind
    from policy.model.policy import PolicySet
    from policy.model.schema import Field, Schema

HEAD = (
    "What this project says about itself. A key that is commented out says nothing: write its value and remove the "
    "`# ` before it, or leave it. `policy check` judges the project by this file and by what it observes."
)
# Beside what the policies ask for, everybody wants to know this of a project.
FIRST = ("project", "owner.team", "owner.contact", "approach", "purpose", "stage")
# What says more than the names of a record's fields.
EXAMPLES = {"tried": "a list such as [{approach: few-shot, results: evals/few-shot.json, sufficient: false}], or []"}
# What a config tells and the draft states.
STATED = ("training.config", "data.sources", "approach", "model.base")
# Of several configs each is a subject of its own, with facts of its own.
LISTED_CONFIGS = 5


class Answers(NamedTuple):
    """What a person said about the project; what is empty was not said."""

    project: str = ""
    team: str = ""
    approach: str = ""
    purpose: tuple[str, ...] = ()
    stage: str = ""


class Draft(NamedTuple):
    """A manifest's text, and how many keys in it are stated and how many wait for somebody."""

    text: str
    stated: int
    waiting: int


def draft_manifest(
    found: Findings, answers: Answers, policy_set: PolicySet, now: datetime, evidence: Iterable[Fact] = ()
) -> Draft:
    """The manifest of the project in a folder; `evidence` is what a check would observe of it, where that is known."""
    observed = [fact for fact in evidence if fact.origin in PROVEN] or _list_observed(found)
    guesses = {fact.path: fact for fact in evidence if fact.origin == "estimated"}
    lines = _draft_lines(found, answers, policy_set.schema, {fact.path: fact for fact in observed}, guesses)
    drafted = {line.path for line in lines}
    asked = list_asked(policy_set, [*_state_answers(answers), *observed], now)
    open_fields = [field for field in asked.pressing if field.path not in drafted]
    lines += [_leave_open(field, _say_guess(field, guesses)) for field in open_fields]
    order = list(policy_set.schema.fields)
    lines.sort(key=lambda line: order.index(line.path))
    head = [f"# yaml-language-server: $schema={found.schema_file}"] if found.schema_file else []
    head += [*write_comment(HEAD), *_introduce(found), "manifest: 1"]
    stated = sum(line.is_stated for line in lines)
    tail = _mention(field for field in asked.others if field.path not in drafted)
    return Draft("\n".join([*head, *write_lines(lines), *tail, ""]), stated, len(lines) - stated)


def _state_answers(answers: Answers) -> Iterator[Fact]:
    if answers.approach:
        yield Fact("approach", answers.approach)
    if answers.purpose:
        yield Fact("purpose", Members(answers.purpose, complete=True))
    if answers.stage:
        yield Fact("stage", answers.stage)


def _list_observed(found: Findings) -> list[Fact]:
    """What every training config tells; of one that differs from the others nothing can be said for all."""
    told = [{fact.path: fact for fact in config.told.facts} for config in found.configs]
    shared = told[0].values() if told else ()
    return [
        fact for fact in shared if all(fact.path in other and other[fact.path].value == fact.value for other in told)
    ]


def _introduce(found: Findings) -> Iterator[str]:
    if not found.configs:
        yield from write_comment("No training config was found here; `policy check` finds one that is added later.")
    if found.covered_by:
        yield from write_comment(f"Before this file the folder was covered by {found.covered_by}.")


def _mention(fields: Iterable[Field]) -> Iterator[str]:
    """A comment about what can wait: policies that ask for it flag or advise, and stop nobody."""
    paths = [field.path for field in fields]
    if paths:
        yield from write_comment(f"Asked by policies that flag or advise: {', '.join(paths)}.")


def _draft_lines(
    found: Findings, answers: Answers, schema: Schema, observed: dict[str, Fact], guesses: dict[str, Fact]
) -> list[Line]:
    named = Line("project", write_scalar(found.project), f"taken from {found.project_source}")
    contact = f"git's user.email is {found.email}: is that the team's address?" if found.email else ""
    stated = {
        "project": named if not answers.project else Line("project", write_scalar(answers.project)),
        "owner.team": Line("owner.team", answers.team and write_scalar(answers.team)),
        "approach": Line("approach", answers.approach and write_scalar(answers.approach))
        if answers.approach
        else _state_observed("approach", observed, "; with retrieval beside it, write hybrid"),
        "purpose": Line("purpose", write_list(answers.purpose) if answers.purpose else ""),
        "stage": Line("stage", answers.stage and write_scalar(answers.stage)),
    }
    lines = []
    for path in FIRST:
        line = stated.get(path)
        lines.append(line if line is not None and line.value else _leave_open(schema.fields[path]))
    lines[FIRST.index("owner.contact")] = _leave_open(schema.fields["owner.contact"], contact)
    base = _state_observed("model.base", observed)
    lines += [base] if base.value else []
    told = {**observed, **guesses}
    lines += [*_draft_data(found, _show_facts("data.", told, schema)), *_draft_training(found, schema)]
    return [*lines, *_draft_tried(found), *_draft_licenses(found)]


def _state_observed(path: str, observed: dict[str, Fact], more: str = "") -> Line:
    """A text that evidence shows, as a line; empty where it shows none."""
    fact = observed.get(path)
    if fact is None or not isinstance(fact.value, str):
        return Line(path)
    return Line(path, write_scalar(fact.value), f"as the {fact.source} has it{more}")


def _say_guess(field: Field, guesses: dict[str, Fact]) -> str:
    """What an estimate says of a field, for whoever knows better."""
    fact = guesses.get(field.path)
    if fact is None:
        return ""
    value = say_value(field.kind, fact.value)
    return f"{HISTORY} suggests about {value}" if fact.source.startswith(HISTORY) else f"estimated at {value}"


def _show_facts(start: str, told: dict[str, Fact], schema: Schema) -> str:
    """Facts of a section that evidence tells anyway."""
    shown = []
    for path, fact in told.items():
        kind = schema.fields[path].kind
        if path.startswith(start) and path not in ESTIMATED and not isinstance(kind, RecordsKind):
            shown.append(f"{path} {'about ' if fact.origin == 'estimated' else ''}{say_value(kind, fact.value)}")
    return f"observed, and need not be stated: {', '.join(shown)}" if shown else ""


def _leave_open(field: Field, hint: str = "") -> Line:
    """A key that nobody has stated: commented out, with what can be written there and what it means."""
    what = EXAMPLES.get(field.path) or describe_kind(field.kind)
    note = f"{what}: {field.about}" if what else field.about
    return Line(field.path, "", f"{note}; {hint}" if hint else note)


def describe_kind(kind: Kind) -> str:
    """What can be written, in few words; empty for a text, which can be anything."""
    if isinstance(kind, EnumKind):
        return " | ".join(kind.choices)
    if isinstance(kind, ListKind):
        return f"a list of {describe_kind(kind.of)}"
    if isinstance(kind, RecordsKind):
        return f"a list of {{{', '.join(field.path for field in kind.fields if field.writable)}}}, or []"
    return "" if kind.name == "string" else kind.describe()


def _draft_data(found: Findings, observed: str) -> Iterator[Line]:
    items = [_list_source(source, stated=True) for source in found.sources]
    items += [_list_source(source, stated=False) for source in found.unnamed]
    if items:
        note = observed if found.sources else "name the data that is used: a list that is stated is complete"
        yield Line("data.sources", "", note, tuple(items))
    elif not found.is_clear:
        yield Line("data.sources", "", "the training configs tell; state it where all use the same data")
    else:
        yield Line("data.sources", "", "a list of {path, license, split}: the data that is used, relative to this file")


def _list_source(source: FoundSource, *, stated: bool) -> Item:
    fields = [("path", source.path)] if source.path else [("name", source.name)]
    if source.license:
        fields.append(("license", source.license))
    notes = [] if stated else ["no training config names it"]
    if source.license:
        notes.append(f"licence from {source.told_by}")
    else:
        notes.append(f"add its licence, `license: …`{f'; {source.hint}' if source.hint else ''}")
    return Item((*fields, ("split", source.split)), stated, "; ".join(notes))


def _draft_training(found: Findings, schema: Schema) -> Iterator[Line]:
    base = f"{found.folder}/" if found.folder else ""
    files = [config.file.removeprefix(base) for config in found.configs]
    if len(files) == 1:
        observed = ", ".join(_show_observed(found, schema))
        note = f"observed there, and need not be stated: {observed}" if observed else ""
        yield Line("training.config", write_scalar(files[0]), note)
    elif files:
        more = f" and {len(files) - LISTED_CONFIGS} more" if len(files) > LISTED_CONFIGS else ""
        shown = f"{', '.join(files[:LISTED_CONFIGS])}{more}"
        note = f"this manifest covers {shown}, each judged by itself; name one if what `training` states is of that one"
        yield Line("training.config", "", note)


def _show_observed(found: Findings, schema: Schema) -> Iterator[str]:
    for fact in found.configs[0].told.facts:
        if fact.path not in STATED:
            yield f"{fact.path} {_show_value(fact, schema)}"


def _show_value(fact: Fact, schema: Schema) -> str:
    if fact.value is ABSENT:
        return "none"
    return schema.fields[fact.path].kind.show(fact.value)


def _draft_tried(found: Findings) -> Iterator[Line]:
    items = []
    for result in found.results:
        fields = [("approach", result.approach)] if result.approach else []
        note = result.said if result.approach else f"{result.said}; say what was tried, `approach: …`"
        items.append(Item((*fields, ("results", result.path)), stated=False, note=note))
    if items:
        yield Line(
            "tried",
            "",
            "uncomment what was tried, with `sufficient: true` or `false`: a list that is stated is complete",
            tuple(items),
        )


def _draft_licenses(found: Findings) -> Iterator[Line]:
    base, card = found.base_card, found.model_card
    if base is not None and base.license:
        yield Line("model.license", write_scalar(base.license), f"from {base.file}")
    if card is not None and card.license:
        yield Line("release.license", "", f"{card.file}, a model card, says {card.license}: is that this model's?")
