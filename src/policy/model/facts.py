"""All facts about one subject, and the views of them that policies are judged on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from policy.model.decision import Subject
from policy.model.derived.derivations import DERIVING, PROVEN, count_stale, derive
from policy.model.fact import Fact, Members
from policy.model.fields import SCHEMA
from policy.model.kinds import RecordsKind
from policy.model.resolution import Contradiction, resolve
from policy.model.schema import is_expression
from policy.model.tables import NO_TABLES, Lookup, Tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from policy.model.kinds import Kind
    from policy.model.schema import Schema

CONTRADICTIONS = "evidence.contradictions"


class Facts:
    """Everything that is known about one subject; immutable once made.

    `unavailable` holds, per path, why evidence that was sought could not be had (a time-out, a missing file);
    `faults`, per path, what broke while it was computed: policies that read such a path err. What follows from
    dated `tables`, or depends on the day of judging, `today`, is unknown without them.
    """

    def __init__(
        self,
        claims: Iterable[Fact],
        schema: Schema = SCHEMA,
        subject: Subject = Subject(""),  # noqa: B008 - an immutable value
        unavailable: Mapping[str, str] | None = None,
        faults: Mapping[str, str] | None = None,
        tables: Tables = NO_TABLES,
        today: date | None = None,
    ) -> None:
        self.claims = tuple(claims)
        self.schema = schema
        self.subject = subject
        self.unavailable = dict(unavailable or {})
        self.faults = dict(faults or {})
        self.tables = tables
        self.today = today
        self._dated: Facts | None = None

    def on(self, today: date, tables: Tables) -> Facts:
        """These facts with what follows on a day and from dated tables; the last such are kept."""
        if today == self.today and tables is self.tables:
            return self
        dated = self._dated
        if dated is None or today != dated.today or tables is not dated.tables:
            dated = Facts(self.claims, self.schema, self.subject, self.unavailable, self.faults, tables, today)
            self._dated = dated
        return dated

    @cached_property
    def _resolved(self) -> tuple[dict[str, Fact], tuple[Contradiction, ...], Fact | None]:
        judged, contradictions = resolve(self.claims, self.schema)
        lookup = Lookup(self.tables, self.today)
        contradictions = (*contradictions, *derive(judged, self.schema, lookup))
        compare_evidence(self.claims, contradictions, judged)
        stale = count_stale(lookup)
        add_fact(judged, stale)
        return judged, contradictions, stale

    @property
    def judged(self) -> dict[str, Fact]:
        """Per path the fact that counts: the strongest of what was claimed, or derived from such."""
        return self._resolved[0]

    @property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """Where what was observed speaks against what was declared, or two observations against each other."""
        return self._resolved[1]

    @cached_property
    def proven(self) -> dict[str, Fact]:
        """As `judged`, from what was observed or attested alone."""
        strong = [claim for claim in self.claims if claim.origin in PROVEN]
        judged, _ = resolve(strong, self.schema)
        derive(judged, self.schema, Lookup(self.tables, self.today))
        compare_evidence(self.claims, self.contradictions, judged)
        add_fact(judged, self._resolved[2])
        # An estimate is none the less one where all that it was made from is proven.
        return {path: fact for path, fact in judged.items() if fact.origin in PROVEN}

    @cached_property
    def values(self) -> dict[str, Any]:
        """Path to plain value, for judging; an unknown fact is not in it."""
        return {path: plain_value(fact.value) for path, fact in self.judged.items()}

    @cached_property
    def proven_values(self) -> dict[str, Any]:
        """Path to plain value of what is proven."""
        return {path: plain_value(fact.value) for path, fact in self.proven.items()}

    def kind_of(self, path: str) -> Kind:
        """The kind of the fact at a path; `data.sources[].rows` names a field of the records in a list."""
        outer, _, inner = path.partition("[].")
        kind = self.schema.fields[outer].kind
        if inner and isinstance(kind, RecordsKind):
            return next(field.kind for field in kind.fields if field.path == inner)
        return kind

    def with_claims(self, claims: Iterable[Fact]) -> Facts:
        """These facts and `claims` beside them."""
        added = tuple(claims)
        more = (*self.claims, *added)
        made = Facts(more, self.schema, self.subject, self.unavailable, self.faults, self.tables, self.today)
        if _stand_apart(added, self):
            made._extend(self, added)
        return made

    def _extend(self, known: Facts, added: tuple[Fact, ...]) -> None:
        """Take over what was worked out without the claims that were added, since nothing of it changes by them."""
        judged, contradictions, stale = known._resolved
        settled = {claim.path: claim for claim in added}
        self.__dict__["_resolved"] = ({**judged, **settled}, contradictions, stale)
        if "proven" in known.__dict__:
            strong = {path: claim for path, claim in settled.items() if claim.origin in PROVEN}
            self.__dict__["proven"] = {**known.proven, **strong}


def _is_own(path: str) -> bool:
    """Whether it is the judge's side that speaks there, of an approval or by an expression: no evidence, no claim."""
    return path.startswith("approval.") or is_expression(path)


def _stand_apart(added: tuple[Fact, ...], known: Facts) -> bool:
    """Whether nothing that is known changes by some claims of the judge's side."""
    paths = {claim.path for claim in added}
    single = len(paths) == len(added) and not any(isinstance(claim.value, Members) for claim in added)
    fields = all(known.schema.get(path) is not None and _is_own(path) for path in paths)
    return single and fields and paths.isdisjoint(DERIVING) and not any(claim.path in paths for claim in known.claims)


def plain_value(value: Any) -> Any:
    """A fact's value without where it came from."""
    if isinstance(value, Members) and value.items and isinstance(value.items[0], dict):
        items = tuple({name: plain_value(fact.value) for name, fact in item.items()} for item in value.items)
        return Members(items, value.complete)
    return value


def compare_evidence(
    claims: tuple[Fact, ...], contradictions: tuple[Contradiction, ...], judged: dict[str, Fact]
) -> None:
    """Add `evidence.contradictions`; it stays unknown where nothing but the manifest's presence was observed.

    What a dated table says against the manifest counts all the same.
    """
    told = (claim for claim in claims if claim.path != "manifest.present" and not _is_own(claim.path))
    observed = any(claim.origin in PROVEN for claim in told)
    if (observed or contradictions) and CONTRADICTIONS not in judged:
        source = "comparison of manifest and evidence"
        judged[CONTRADICTIONS] = Fact(CONTRADICTIONS, len(contradictions), "observed", source)


def add_fact(judged: dict[str, Fact], fact: Fact | None) -> None:
    """Add a fact, unless evidence told it itself."""
    if fact is not None:
        judged.setdefault(fact.path, fact)
