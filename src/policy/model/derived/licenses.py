"""What follows from licences: their terms, and where they conflict with a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.derived.derivation import Derivation
from policy.model.fact import Members
from policy.model.tables import LICENSES

if TYPE_CHECKING:
    from policy.model.tables import Lookup, Row

UNLISTED = "unlisted"
# Of two licences to choose from, the one whose hardest term is milder is chosen. No term stands for what is not
# listed: between a licence that nobody knows and one that forbids, a person should see the one to be read.
MILDEST_FIRST = ("share-alike", "conditional", UNLISTED, "no-derivatives", "research-only", "non-commercial")
_EDITIONS = ("+", "-only", "-or-later")


class Licenses:
    """Licences as the table of one subject's Lookup knows them."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup

    def choose(self, expression: str) -> frozenset[str]:
        """The licences of an expression that hold, after every choice was made for the least restrictive."""
        if len(expression.split()) == 1 and not {"(", ")"} & set(expression):
            return frozenset({expression.strip().lower()})
        from policy.model.derived.license_expression import choose_licenses  # most licences are one name

        return choose_licenses(expression, self._rank)

    def _rank(self, names: frozenset[str]) -> tuple[list[int], list[str]]:
        """The hardest term first; the names, so that the order of writing decides nothing."""
        return sorted(map(MILDEST_FIRST.index, self.join_terms(names)), reverse=True), sorted(names)

    def join_terms(self, names: frozenset[str]) -> set[str]:
        """Every term of any of these licences."""
        rows = map(self.find, names)
        return {term for row in rows for term in (row.values["terms"].items if row is not None else (UNLISTED,))}

    def find(self, name: str) -> Row | None:
        """A licence's row; one without a row for `+`, `-only` or `-or-later` has that of its plain name."""
        row = self.lookup.find(LICENSES, name)
        edition = next((ending for ending in _EDITIONS if name.endswith(ending)), None)
        return self.lookup.find(LICENSES, name.removesuffix(edition)) if row is None and edition else row

    def keeps(self, name: str, given: frozenset[str]) -> bool:
        """Whether a licence, where it is share-alike, is kept by one of those that are given."""
        row = self.find(name)
        if row is None or "share-alike" not in row.values["terms"].items:
            return True
        also = row.values.get("kept_by")
        allowed = {row.key, *(self._name(other) for other in (also.items if also is not None else ()))}
        return any(self._name(other) in allowed for other in given)

    def _name(self, name: str) -> str:
        row = self.find(name.lower())
        return name.lower() if row is None else row.key

    def conflict(self, taken: frozenset[str], given: frozenset[str], use: str | None) -> bool | None:
        """Whether what was taken under some licences may not be given on under others; None where nobody knows."""
        terms = self.join_terms(taken)
        if "no-derivatives" in terms or not all(self.keeps(name, given) for name in taken):
            return True
        promised = self.join_terms(given)
        limits = terms & {"non-commercial", "research-only"}
        broken = limits - promised
        if limits and use == "commercial":
            return True
        if broken and UNLISTED not in promised:
            return True
        unsure = UNLISTED in terms or broken or (limits and use is None)
        return None if unsure else False


def list_terms(lookup: Lookup, license_: str) -> Members | None:
    """What a licence, or an SPDX licence expression, restricts, by the table of licences; unknown without one.

    Of licences joined by OR the least restrictive counts, those joined by AND add up.
    """
    if LICENSES not in lookup.tables:
        return None
    licenses = Licenses(lookup)
    return Members(tuple(sorted(licenses.join_terms(licenses.choose(license_)))), complete=True)


def join_terms(several: Members) -> Members | None:
    """The terms of all sources together; open while one source's are not known."""
    known = [terms for terms in several.items if terms is not None]
    if not known:
        return None
    complete = several.complete and len(known) == len(several.items) and all(terms.complete for terms in known)
    return Members(tuple(sorted({term for terms in known for term in terms.items})), complete)


def count_conflicts(
    lookup: Lookup, base: str, sources: Members, splits: Members, release: str, use: str | None
) -> int | None:
    """How many licences, of the base model and of what it is trained on, do not allow the release.

    By their terms: what is non-commercial or for research may neither be used commercially nor be given on without
    that term; what allows no derivatives allows no tuned model to be given on; what is share-alike asks for the same
    licence, or one that it names. Unknown while it is of one of them.
    """
    trained = [name for name, split in zip(sources.items, splits.items, strict=True) if split in ("train", None)]
    if LICENSES not in lookup.tables or not sources.complete or None in trained:
        return None
    licenses = Licenses(lookup)
    given = licenses.choose(release)
    taken = {licenses.choose(name) for name in (base, *trained)}
    found = [licenses.conflict(names, given, use) for names in taken]
    return None if None in found else sum(map(bool, found))


LICENSE_DERIVATIONS = (
    Derivation("model.license_terms", ("model.license",), list_terms, (LICENSES,)),
    Derivation("data.sources[].license_terms", ("data.sources[].license",), list_terms, (LICENSES,)),
    Derivation("data.license_terms", ("data.sources[].license_terms",), join_terms),
    Derivation("release.license_terms", ("release.license",), list_terms, (LICENSES,)),
    Derivation(
        "release.license_conflicts",
        ("model.license", "data.sources[].license", "data.sources[].split", "release.license", "system.use"),
        count_conflicts,
        (LICENSES,),
        # A source without a split is for training.
        optional=("data.sources[].split", "system.use"),
    ),
)
