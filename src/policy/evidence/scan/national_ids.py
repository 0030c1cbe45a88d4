"""National numbers of persons: those whose form is unmistakable, and those that stand behind their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.scan.matching import list_hits, match_at
from policy.evidence.scan.naming import is_called_otherwise
from policy.evidence.scan.national_rules import (
    is_bsn,
    is_codice_fiscale,
    is_cpf,
    is_dni,
    is_german_tax_number,
    is_nino,
    is_nir,
    is_personnummer,
    is_pesel,
    is_ssn,
)
from policy.evidence.scan.spans import Span
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_JOINED = frozenset((b"-", b".", b"/", b"_", b"+"))


class Form(NamedTuple):
    """How a number is written, and the test that it passes; `source` says where the rule stands."""

    kind: str
    pattern: bytes
    test: Callable[[bytes], bool]
    source: str


SSN = Form("us-ssn", rb"[0-9]{3}-[0-9]{2}-[0-9]{4}", is_ssn, "https://www.ssa.gov/employer/randomization.html")
FORMATTED = (
    SSN,
    Form("br-cpf", rb"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", is_cpf, "Receita Federal, Cadastro de Pessoas Físicas"),
    Form(
        "fr-nir",
        rb"[12] ?[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}",
        is_nir,
        "INSEE, numéro d'inscription au répertoire",
    ),
    Form(
        "it-codice-fiscale",
        rb"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]",
        is_codice_fiscale,
        "Ministero delle Finanze, decreto 23 dicembre 1976",
    ),
    Form(
        "uk-nino",
        rb"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] [0-9]{2} [0-9]{2} [0-9]{2} [A-D]",
        is_nino,
        "HMRC, National Insurance Manual NIM39110",
    ),
)
# The words that announce a number, in lower case; then the number within so many bytes.
NAMED = {
    word: form
    for form, words in (
        (
            Form("uk-nino", rb"(?i:[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?[0-9]{2}){3} ?[A-D])", is_nino, "NIM39110"),
            (b"nino", b"national insurance", b"ni number"),
        ),
        (
            Form(
                "de-tax-number",
                rb"[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
                is_german_tax_number,
                "Abgabenordnung, § 139b; Bundeszentralamt für Steuern",
            ),
            (b"steuer id", b"steueridentifikationsnummer", b"steuerliche identifikationsnummer", b"idnr"),
        ),
        (
            Form("nl-bsn", rb"[0-9]{9}|[0-9]{4}\.[0-9]{2}\.[0-9]{3}", is_bsn, "Rijksoverheid, elfproef"),
            (b"bsn", b"burgerservicenummer", b"sofinummer"),
        ),
        (
            Form(
                "es-dni",
                rb"(?i:[0-9]{8}|[0-9]{2}\.[0-9]{3}\.[0-9]{3}|[XYZ]-?[0-9]{7})[ -]?[A-Za-z]",
                is_dni,
                "Ministerio del Interior, Real Decreto 1553/2005",
            ),
            (b"dni", b"nie", b"nif"),
        ),
        (
            Form(
                "se-personnummer",
                rb"(?:19|20)?[0-9]{2}[01][0-9][0-9]{2}[-+]?[0-9]{4}",
                is_personnummer,
                "Folkbokföringslag (1991:481), 18 §",
            ),
            (b"personnummer", b"personnr", b"samordningsnummer"),
        ),
        (Form("pl-pesel", rb"[0-9]{11}", is_pesel, "Ustawa o ewidencji ludności, art. 15"), (b"pesel",)),
        (
            SSN._replace(
                pattern=rb"[0-9]{3}[ -][0-9]{2}[ -][0-9]{4}", test=lambda text: is_ssn(text.replace(b" ", b"-"))
            ),
            (b"ssn", b"social security number"),
        ),
    )
    for word in words
}
_REACH = 40
_LONGEST_NUMBER = 32
_FORMATTED_START = b"|".join(rb"\b(?:%s)\b" % form.pattern for form in FORMATTED)
_NAME = rb"(?i)\b(?:%s)\b" % b"|".join(word.replace(b" ", rb"[ _-]?") for word in NAMED)
_BY_NAME = {word.replace(b" ", b""): form for word, form in NAMED.items()}


def find_formatted_ids(text: bytes) -> Iterator[Span]:
    """Numbers that are known by their form."""
    for start, end in list_hits(_FORMATTED_START, text):
        form = next(form for form in FORMATTED if match_at(form.pattern, text, start, end - start) == end)
        named_otherwise = text[start:end].isdigit() and is_called_otherwise(text, start)
        if not named_otherwise and not _is_joined(text, start, end) and form.test(text[start:end]):
            yield Span(start, end, form.kind)


def find_named_ids(text: bytes) -> Iterator[Span]:
    """Numbers that stand behind the name of what they are."""
    for start, end in list_hits(_NAME, text):
        form = _BY_NAME[text[start:end].lower().translate(None, b" _-")]
        reach = text[end : end + _REACH + _LONGEST_NUMBER]
        found = next(list_hits(rb"\b(?:%s)\b" % form.pattern, reach), None)
        if found and found[0] <= _REACH and form.test(reach[slice(*found)]):
            yield Span(end + found[0], end + found[1], form.kind)


def _is_joined(text: bytes, start: int, end: int) -> bool:
    """Whether it is a piece of a longer chain, such as a UUID."""
    if text[max(0, start - 1) : start] in _JOINED:
        return True
    return text[end : end + 1] in _JOINED and text[end + 1 : end + 2].isalnum()
