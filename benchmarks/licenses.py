"""What dataset cards say of licences, and how many rows data files hold: as observed, and as counted in another way.

`python benchmarks/licenses.py FOLDER`, where FOLDER holds README.md files, metadata.json files and data files in any
folders; with `benchmarks/run.py licenses` the folder is that of the environment variable CORPUS.
"""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.evidence.licenses.statements import Statement

# Of 770 dataset cards of huggingface/datasets a0b6402e, of which 59 are the corpus.
PUBLISHED = {"unknown": 230, "nothing": 60, "non-commercial": 53}
PUBLISHED_CARDS = 770
CLASSES = ("stated", "several", "other", "unknown", "nothing", "unreadable")
WORDS = {"other": "other"}
# An index of data sets, and what describes data; neither is data.
NO_DATA = ("dataset_info.json", "metadata.json", "croissant.json", "datapackage.json")
HEADER = re.compile(r"\A---\s*?\n(.*?)\n---\s*$", re.DOTALL | re.MULTILINE)


class Read(NamedTuple):
    """One file: what class it is of, as observed and as counted, and the licences that it names."""

    file: str
    observed: str
    counted: str
    names: tuple[str, ...] = ()


class Counted(NamedTuple):
    """One data file: rows, and rows that repeat an earlier one, as observed and as counted."""

    file: str
    observed: tuple[int | None, int | None]
    counted: tuple[int | None, int | None]


def list_files(folder: str, endings: tuple[str, ...]) -> Iterator[str]:
    """The files below a folder whose names end so, relative to it."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.relpath(os.path.join(parent, name), folder).replace(os.sep, "/")


def classify(statement: Statement | None, problems: Sequence[object]) -> str:
    """What kind of answer a card gives."""
    if problems:
        return "unreadable"
    if statement is None or not (statement.licenses or statement.silent):
        return "nothing"
    if statement.license:
        return "stated"
    if statement.licenses:
        return "several"
    return WORDS.get(statement.silent[0][0].lower(), "unknown")


def classify_text(text: str) -> str:
    """The same from the text of a card, by PyYAML and nothing of the package."""
    header = HEADER.search(text)
    if header is None:
        return "nothing"
    try:
        told = yaml.safe_load(header[1])
    except yaml.YAMLError:
        return "unreadable"
    found = [told.get(key) for key in ("license", "licenses")] if isinstance(told, dict) else []
    flat: list[str] = []
    while found:
        item = found.pop(0)
        found += item if isinstance(item, list) else item.values() if isinstance(item, dict) else []
        flat += [item.strip().lower()] if isinstance(item, str) and item.strip() else []
    words = set(flat)
    if not words:
        return "nothing"
    if len(words) > 1:
        return "several"
    return next((word for word in ("other", "unknown") if word in words), "stated")


def read_cards(folder: str) -> Iterator[Read]:
    """Every README.md below the folder."""
    from policy.evidence.licenses.cards import read_card

    for file in list_files(folder, ("README.md",)):
        problems: list[object] = []
        statement = read_card(folder, file, problems)  # type: ignore[arg-type]
        with open(os.path.join(folder, file), encoding="utf-8") as stream:
            counted = classify_text(stream.read())
        yield Read(file, classify(statement, problems), counted, statement.names if statement else ())


def read_descriptions(folder: str) -> Iterator[Read]:
    """Every metadata.json below the folder, beside its `license` as the json module reads it."""
    from policy.evidence.licenses.croissant import read_croissant

    for file in list_files(folder, ("metadata.json", "croissant.json")):
        problems: list[object] = []
        statement = read_croissant(folder, file, problems)  # type: ignore[arg-type]
        with open(os.path.join(folder, file), encoding="utf-8") as stream:
            written = json.load(stream).get("license")
        observed = classify(statement, problems)
        yield Read(file, observed, json.dumps(written), statement.names if statement else ())


def list_terms(name: str) -> set[str]:
    """What the shipped table says that a licence restricts."""
    from policy.loading.tables.files import shipped_tables
    from policy.model.derived.licenses import Licenses
    from policy.model.tables import Lookup

    licenses = Licenses(Lookup(shipped_tables()))
    return licenses.join_terms(licenses.choose(name))


def count_rows(folder: str) -> Iterator[Counted]:
    """Every data file below the folder."""
    from policy.evidence.data.split_reader import SplitReader

    for file in list_files(folder, (".json", ".jsonl", ".csv")):
        if os.path.basename(file) in NO_DATA:
            continue
        path = os.path.realpath(os.path.join(folder, file))
        repetition = SplitReader().compare(folder, {path: file}, {}).repetition
        rows = SplitReader().observe(folder, path, file).rows
        yield Counted(file, (rows, repetition.repeated), count_lines(path))


def count_lines(path: str) -> tuple[int, int]:
    """Rows, and those that repeat an earlier one, by the json and csv modules and a set of texts."""
    with open(path, encoding="utf-8", newline="") as stream:
        if path.endswith(".csv"):
            rows = [json.dumps(row) for row in list(csv.reader(stream))[1:] if row]
        elif path.endswith(".jsonl"):
            rows = [json.dumps(json.loads(line), sort_keys=True) for line in stream if line.strip()]
        else:
            rows = [json.dumps(row, sort_keys=True) for row in json.load(stream)]
    return len(rows), len(rows) - len(set(rows))


def run(folder: str = "") -> bool:
    """Print the tables; whether both ways agree on every file."""
    folder = folder or os.environ.get("CORPUS", "")
    if not os.path.isdir(folder):
        print("name a folder of dataset cards and data, as an argument or as CORPUS", file=sys.stderr)
        return False
    folder = os.path.realpath(folder)
    cards, described, data = list(read_cards(folder)), list(read_descriptions(folder)), list(count_rows(folder))
    cards = [card for card in cards if card.file.count("/")]  # a README.md at the top speaks of the folder itself
    print_cards(cards)
    print_names([*cards, *described])
    print_data(data)
    for one in described:
        print(f"{one.file}: {one.counted} is {', '.join(one.names) or one.observed}")
    faults = [one for one in cards if one.observed != one.counted] + [
        one for one in data if one.observed != one.counted
    ]
    for fault in faults:
        print(f"{fault.file}: observed {fault.observed}, counted {fault.counted}")
    return not faults


def print_cards(cards: Sequence[Read]) -> None:
    """Cards by what they say."""
    from benchmarks.table import print_table

    observed, counted = (Counter(getattr(card, side) for card in cards) for side in ("observed", "counted"))
    limited = sum(any("non-commercial" in list_terms(name) for name in card.names) for card in cards)
    rows = [_list_cells(name, observed[name], counted[name], len(cards)) for name in CLASSES]
    rows.append(_list_cells("non-commercial", limited, None, len(cards)))
    print_table(
        f"Licences on {len(cards)} dataset cards",
        f"The last columns are of all {PUBLISHED_CARDS} cards. A card may be of several rows only in the last one.",
        ("the card", "observed", "counted", "share", "of all", "share"),
        rows,
    )


def _list_cells(name: str, observed: int, counted: int | None, cards: int) -> tuple[str, ...]:
    published = PUBLISHED.get(name)
    share = f"{observed / cards:.0%}" if cards else ""
    known = (str(published), f"{published / PUBLISHED_CARDS:.0%}") if published else ("", "")
    return name, str(observed), "" if counted is None else str(counted), share, *known


def print_names(read: Sequence[Read]) -> None:
    """The licences by how often they are named, and which of them no table lists."""
    from benchmarks.table import print_table

    names = Counter(name for one in read for name in one.names)
    rows = [(name, str(count), ", ".join(sorted(list_terms(name)))) for name, count in sorted(names.items())]
    print_table("Licences that are named", "Terms by the shipped table.", ("licence", "files", "terms"), rows)


def print_data(data: Sequence[Counted]) -> None:
    """Data files with their rows and repeated rows."""
    from benchmarks.table import print_table

    rows = [(one.file, *map(str, one.observed), *map(str, one.counted)) for one in data]
    head = ("data file", "rows", "repeated", "rows counted", "repeated counted")
    print_table("Rows of data files", "Counted by the json and csv modules, with a set of all rows.", head, rows)


if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.exit(0 if run(*sys.argv[1:2]) else 1)
