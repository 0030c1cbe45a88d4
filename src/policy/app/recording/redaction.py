"""Secrets and personal data taken out of what is recorded, before anything of it is hashed.

Facts hold counts and positions, and beside them what people wrote: names, paths, reasons. What the detectors of
training data find there is replaced by a mark that says of which kind it was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from policy.evidence.scan.personal import PERSONAL_DATA
from policy.evidence.scan.secrets import SECRETS
from policy.evidence.scan.spans import find_spans
from policy.model.decision import Subject
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from policy.evidence.scan.spans import Family, Span
    from policy.model.waiver import Waiver

FAMILIES: Final = (SECRETS, PERSONAL_DATA)
# The detector finds where a key begins; all of it is taken out.
_KEY_END: Final = re.compile(rb"-----END[A-Z ]*PRIVATE KEY-----")
_REDACTED: Final = "[redacted: {}]"


class Redacted(NamedTuple):
    """Facts without what must not be recorded, and where that was, with its kinds."""

    facts: Facts
    places: dict[str, list[str]]


def redact_facts(facts: Facts) -> Redacted:
    """The facts as they may be recorded; the same ones where there is nothing to take out."""
    if not any(_find(family, _join_texts(facts)) for family in FAMILIES):
        return Redacted(facts, {})
    places: dict[str, set[str]] = {}

    def redact(place: str) -> Callable[[str], str]:
        def redact_one(text: str) -> str:
            safe, kinds = redact_text(text, place)
            if kinds:
                places.setdefault(place, set()).update(kinds)
            return safe

        return redact_one

    subject = Subject(*(text and redact("subject")(text) for text in facts.subject))  # type: ignore[arg-type]
    claims = [_redact_fact(fact, fact.path, redact) for fact in facts.claims]
    unavailable, faults = (
        {path: redact(path)(reason) for path, reason in reasons.items()}
        for reasons in (facts.unavailable, facts.faults)
    )
    if not places:
        # Texts of several places stood beside each other.
        return Redacted(facts, {})
    made = Facts(claims, facts.schema, subject, unavailable, faults, facts.tables, facts.today)
    return Redacted(made, {place: sorted(kinds) for place, kinds in sorted(places.items())})


def redact_text(text: str, name: str = "") -> tuple[str, list[str]]:
    """The text with a mark in the place of each finding, and the kinds; `name` is what it is the value of."""
    lead = f"{name.rpartition('.')[2]}: ".encode() if name else b""
    data = lead + text.encode(errors="surrogatepass")
    safe, kinds = _replace(data, FAMILIES, _mark, len(lead))
    return safe[len(lead) :].decode(errors="surrogatepass"), kinds


def mask_secrets(data: bytes) -> tuple[bytes, list[str]]:
    """A file of a policy set with its secrets covered, so that every position in it stays, and their kinds."""
    return _replace(data, (SECRETS,), lambda span: re.sub(rb"[^\r\n]", b"*", data[span.start : span.end]))


def redact_waivers(waivers: Iterable[Waiver]) -> tuple[Waiver, ...]:
    """The waivers without secrets in what people wrote into them."""
    return tuple(
        waiver._replace(reason=_cover(waiver.reason), ticket=_cover(waiver.ticket), owner=_cover(waiver.owner))
        for waiver in waivers
    )


def _cover(text: str) -> str:
    data = text.encode(errors="surrogatepass")
    return _replace(data, (SECRETS,), _mark)[0].decode(errors="surrogatepass")


def _mark(span: Span) -> bytes:
    return _REDACTED.format(span.kind).encode()


def recognise_secrets(data: bytes) -> Iterator[tuple[int, int, str]]:
    """Where secrets begin and end, and of which kind they are."""
    return ((span.start, span.end, span.kind) for span in _find(SECRETS, data))


def recognise_all(data: bytes) -> Iterator[tuple[int, int, str]]:
    """Where secrets and personal data begin and end, and of which kind they are."""
    return ((span.start, span.end, span.kind) for family in FAMILIES for span in _find(family, data))


def _redact_fact(fact: Fact, place: str, redact: Callable[[str], Callable[[str], str]]) -> Fact:
    clean = redact(place)
    location = fact.location and fact.location._replace(file=clean(fact.location.file))
    value = _redact_value(fact.value, place, redact)
    return fact._replace(value=value, source=clean(fact.source), location=location)


def _redact_value(value: Any, place: str, redact: Callable[[str], Callable[[str], str]]) -> Any:
    if isinstance(value, str):
        return redact(place)(value)
    if not isinstance(value, Members):
        return value
    return value._replace(items=tuple(_redact_item(item, place, redact) for item in value.items))


def _redact_item(item: Any, place: str, redact: Callable[[str], Callable[[str], str]]) -> Any:
    if isinstance(item, dict):
        return {name: _redact_fact(fact, f"{place}[].{name}", redact) for name, fact in item.items()}
    return redact(place)(item) if isinstance(item, str) else item


def _join_texts(facts: Facts) -> bytes:
    """All that may hold something, a line each: most subjects hold nothing, and one look tells."""
    lines = [*filter(None, facts.subject), *_list_texts(facts.claims)]
    for reasons in (facts.unavailable, facts.faults):
        lines += [f"{path.rpartition('.')[2]}: {reason}" for path, reason in reasons.items()]
    return "\n".join(lines).encode(errors="surrogatepass")


def _list_texts(claims: tuple[Fact, ...]) -> Iterator[str]:
    pending = list(claims)
    for fact in pending:  # which grows on the way
        name = fact.path.rpartition(".")[2]
        values = fact.value.items if isinstance(fact.value, Members) else (fact.value,)
        pending += [inner for value in values if isinstance(value, dict) for inner in value.values()]
        yield from (f"{name}: {value}" for value in values if isinstance(value, str))
        yield fact.source
        if fact.location is not None:
            yield fact.location.file


def _find(family: Family, data: bytes) -> list[Span]:
    spans = []
    for span in find_spans(family, data):
        end = _KEY_END.search(data, span.end) if span.kind == "private-key" else None
        stop = span.end if span.kind != "private-key" else end.end() if end else len(data)
        spans.append(span._replace(end=stop))
    return spans


def _replace(
    data: bytes, families: tuple[Family, ...], cover: Callable[[Span], bytes], start: int = 0
) -> tuple[bytes, list[str]]:
    """The data with what `cover` gives in the place of each finding from `start` on."""
    found = sorted(span for family in families for span in _find(family, data) if span.end > start)
    parts, at, kinds = [], 0, []
    for span in found:
        if span.start < at:
            continue  # one finding, told by two
        whole = span._replace(start=max(span.start, start))
        parts += [data[at : whole.start], cover(whole)]
        at = whole.end
        kinds.append(span.kind)
    return b"".join([*parts, data[at:]]), sorted(set(kinds))
