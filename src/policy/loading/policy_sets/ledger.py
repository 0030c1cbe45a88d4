"""What the layers of a policy set say of the ledger: the first word on where it is counts, and gates only add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.errors import Problem
from policy.loading.policy_sets.settings import Setting, refuse_name
from policy.model.gates import GATES
from policy.model.kinds import STRING, KindError, StringKind, enum, list_of
from policy.model.ledger_settings import LedgerSettings
from policy.model.reading import NOTHING
from policy.source.node import Mapping, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policy.loading.policy_sets.layers import Layer
    from policy.model.kinds import Kind
    from policy.source.node import Node

SECTION: Final = "ledger"
FILE: Final = "sqlite:///"
EXAMPLE: Final = "{url: postgresql://ledger.example.com/policy, gates: [ci, release]}"
_FORMS: Final = "write sqlite:///ledger.db, or postgresql://HOST/DATABASE"
_CREDENTIALS: Final = "leave it out: PGPASSWORD, ~/.pgpass or a service file holds it, where the command runs"


class LedgerUrlKind(StringKind):
    """Where a ledger is: a file of SQLite, or a database of PostgreSQL, without a password."""

    def read(self, text: str, plain: bool) -> str:
        if not text.isprintable():
            raise KindError("the address of the ledger holds a character that no address has", _FORMS)
        if text.startswith(FILE):
            if text == FILE or "?" in text or "#" in text or text.endswith("/"):
                raise KindError("the address of the ledger names no file", _FORMS)
            return text
        if not text.startswith("postgresql://"):
            # What may hold a password is not repeated.
            scheme = text.partition("://")[0][:20] if "://" in text else "it"
            raise KindError(f"the address of the ledger is of no known form: {scheme}", _FORMS)
        return _check_database(text)

    def describe(self) -> str:
        return "the address of a ledger, such as sqlite:///ledger.db"


def _check_database(text: str) -> str:
    from urllib.parse import parse_qs, urlsplit  # files need nothing of it

    try:
        parts = urlsplit(text)
        _, asked = parts.port, parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        raise KindError("the address of the ledger cannot be read", _FORMS) from None
    if parts.password is not None or "password" in asked:
        raise KindError("the address of the ledger holds a password", _CREDENTIALS)
    if parts.fragment or " " in text or not (parts.path.strip("/") or "service" in asked or "dbname" in asked):
        raise KindError("the address of the ledger names no database", _FORMS)
    return text


URL: Final = LedgerUrlKind("address", textual=True)
KINDS: Final[dict[str, Kind]] = {"url": URL, "gates": list_of(enum(*GATES)), "spool": STRING}


def read_ledger(layers: Sequence[Layer]) -> list[list[Setting]]:
    """What counts of each layer, the base first.

    A layer cannot take the place of the ledger below it, or take gates from it: it would choose who keeps the record.
    """
    known: dict[str, Setting] = {}
    return [list(_add_layer(layer, known)) for layer in layers]


def _add_layer(layer: Layer, known: dict[str, Setting]) -> Iterator[Setting]:
    """What a layer adds to what is known, which is noted there; all else that it says is a problem."""
    said = {setting.name: setting for setting in _read_section(layer)}
    problems, first = layer.values.problems, "url" not in known
    if "url" in said:
        # Without a word on gates all are meant.
        said.setdefault("gates", said["url"]._replace(name="gates", value=GATES))
    elif said and first:
        where = next(iter(said.values())).location
        problems.append(Problem("it is not said where the ledger is", f"add `url`: {_FORMS}", where))
        return
    for name, setting in said.items():
        if name == "gates" and not first:
            added = setting._replace(value=_add_gates(known[name].value, setting.value))
        elif first or (name in known and _is_same(setting, known[name])):
            added = setting
        else:
            problems.append(_refuse_other(setting, known.get(name, known["url"])))
            continue
        if first or known[name].value != added.value:
            known[name] = added
            yield added


def make_ledger(settings: Iterable[Setting]) -> LedgerSettings | None:
    """The ledger in force, from the settings that count; None where no layer has one."""
    known = {setting.name: setting.value for setting in settings if setting.section == SECTION}
    url: LedgerSettings | None = known.pop("url", None)
    if url is None:
        return None
    return LedgerSettings(url.url, known.get("gates", GATES), known.get("spool", ""), url.folder, url.location)


def _add_gates(*several: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(gate for gate in GATES if any(gate in gates for gates in several))


def _is_same(setting: Setting, known: Setting) -> bool:
    """Whether it is the same file or database; a relative path is one of the folder that it is written in."""
    if setting.value != known.value:
        return False
    value = setting.value
    return not isinstance(value, LedgerSettings) or not is_relative(value.url) or value.folder == known.value.folder


def is_relative(url: str) -> bool:
    """Whether the address names a file by a path that depends on where it is written."""
    import os

    return url.startswith(FILE) and not os.path.isabs(url.removeprefix(FILE))


def _refuse_other(setting: Setting, known: Setting) -> Problem:
    what = "another ledger is named" if setting.name == "url" else "another spool is named for the ledger"
    message = f"{what} than by a policy set below this one"
    remedy = "take this out: a policy set cannot take the place of a ledger that it builds on"
    return Problem(message, remedy, setting.location, (("the ledger is set here", known.location),))


def _read_section(layer: Layer) -> Iterator[Setting]:
    node = layer.root.get(SECTION)
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return
    if isinstance(node, Scalar):
        yield from _read_key(layer, "url", node)
    elif isinstance(node, Mapping):
        for text, (key, inner) in node.entries.items():
            if text in KINDS:
                yield from _read_key(layer, text, inner)
            else:
                refuse_name(layer.values, key, f"key under `{SECTION}`", text, KINDS)
    else:
        layer.values.refuse(node, f"`{SECTION}` needs an address or a mapping", f"write `{SECTION}: {EXAMPLE}`")


def _read_key(layer: Layer, key: str, node: Node) -> Iterator[Setting]:
    values = layer.values
    value: Any = values.read_value(KINDS[key], node, f"{SECTION}.{key}")
    if value is NOTHING:
        return
    place = node.location(layer.file)
    if key == "gates":
        value = _add_gates(value.items)
        if not value:
            values.refuse(node, "no gate records its decisions", "name some gates, or leave `gates` out for all")
            return
    elif key == "url":
        if layer.top and is_relative(value):
            message = "the ledger of a bundle has a relative path, which would lie where the bundle is kept"
            values.refuse(node, message, "name a PostgreSQL database, or have whoever uses the bundle name the ledger")
            return
        value = LedgerSettings(value, folder=layer.folder, location=place)
    yield Setting(SECTION, key, "", value, place)
