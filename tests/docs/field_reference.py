"""The reference page of the fact schema: every field that a manifest states and a policy tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policy.model.fields import SCHEMA
from policy.model.kinds import ListKind, RecordsKind
from policy.model.schema import Field, Schema
from policy.reports.pages.fact_text import describe_kind

INTRODUCTION = """\
# Facts

A fact is what a manifest states, what evidence observes and what a policy tests: a path, and a value of one type. This
page lists every fact there is. Beside them an organisation can declare its own, under `x.`, in the `fields:` of its
policy set.

In a manifest the part before the dot is a section, `data.rows` is written `data: {rows: 5000}`. In a policy the path
is written as it stands here.

- **Type** is how the value is written; [values](language.md#values) has the details. A list of records is written as a
  list of mappings, whose fields follow in a table of their own.
- **Told by** says where the fact comes from: the *manifest*, a kind of evidence, or *derived* from other facts. A fact
  that the manifest does not tell cannot be written there. What ships with tunegate looks at training configs, data
  files, what discovery finds, the comparison of both with the manifest, and dated tables; for other evidence there are
  plugins.
- **Several observations** says what becomes of them. Where they must agree and do not, the fact is unknown.
- **Agrees with a claim** says when the manifest's value and the observed one speak of the same. Where they do not, the
  observed one counts, and the difference is reported as a contradiction. An estimate never contradicts a claim;
  [which value is judged](language.md#which-value-is-judged) says more.

A fact that nobody tells is unknown, which is neither true nor false.

An editor can show all this while a manifest is written: see `policy schema --help`.
"""
COLUMNS = ("fact", "type", "meaning", "told by", "several observations", "agrees with a claim")
TITLES = {"": "The project"}
COMBINED = {"one": "must agree", "any": "true if one is", "sum": "add up"}
AGREED = {
    "equal": "if equal",
    "case": "if equal, whatever the case",
    "prefix": "if one starts with the other, in 7 characters or more",
    "split": "if both or neither is train",
    "approach": "if equal; a declared hybrid also with an observed fine-tuning",
    "any": "always",
}


def write_field_reference(schema: Schema = SCHEMA) -> str:
    """The page, as Markdown."""
    sections: dict[str, list[Field]] = {}
    for field in schema.fields.values():
        sections.setdefault(field.path.rpartition(".")[0], []).append(field)
    return "\n".join([INTRODUCTION, *(part for name in sections for part in write_section(name, sections[name]))])


def write_section(name: str, fields: list[Field]) -> Iterator[str]:
    """A section's table, and one for each list of records in it."""
    yield f"## {TITLES.get(name, name)}\n"
    yield write_table(fields)
    for field in fields:
        if isinstance(field.kind, RecordsKind):
            yield f"### {field.path}[]\n"
            yield write_table(field.kind.fields)


def write_table(fields: Iterable[Field]) -> str:
    """The rows of these fields, without the columns that none of them fills."""
    rows = [describe(field) for field in fields]
    filled = [index for index in range(len(COLUMNS)) if any(row[index] for row in rows)]
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows]
    return "".join(f"| {' | '.join(line[index] for index in filled)} |\n" for line in lines)


def describe(field: Field) -> tuple[str, ...]:
    """The cells of the field's row."""
    name, type_ = f"`{field.path}`", describe_kind(field.kind)
    return name, type_, field.about, describe_source(field), describe_combination(field), describe_agreement(field)


def describe_source(field: Field) -> str:
    """Who can tell the fact."""
    sources = [*field.evidence]
    if field.writable:
        sources.insert(0, "manifest")
    if field.derived:
        sources.insert(0, "derived")
    return ", ".join(sources)


def describe_combination(field: Field) -> str:
    """What several observations make together."""
    if not field.evidence:
        return ""
    if isinstance(field.kind, RecordsKind):
        return "put together, by " + " or ".join(f"`{key}`" for key in field.kind.keys)
    return "put together" if isinstance(field.kind, ListKind) else COMBINED[field.combine]


def describe_agreement(field: Field) -> str:
    """When a claim and an observation agree."""
    if not (field.evidence and field.writable):
        return ""
    if isinstance(field.kind, RecordsKind):
        return "by the fields of its records"
    if isinstance(field.kind, ListKind):
        return AGREED["any"]
    rule, _, tolerance = field.agree.partition(":")
    return f"within {float(tolerance):.0%}".replace("%", " %") if tolerance else AGREED[rule]
