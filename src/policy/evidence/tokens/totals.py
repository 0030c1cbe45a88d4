"""The tokens of a training split: what its text was counted to, or an estimate from the characters of it."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from policy.evidence.data.cache import open_cache
from policy.evidence.tokens.finding import find_tokenizer
from policy.evidence.tokens.sample import TextSample
from policy.evidence.tokens.tokenizer import NoTokenizerError
from policy.model.fields import DATA
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from policy.errors import Problem
    from policy.evidence.tokens.tokenizer import Tokenizer
    from policy.plugins.contracts import Project

    Kept = dict[tuple[str, str], "Counted | Fault"]

# Of English text in the vocabularies in use; other languages and code have fewer characters to a token.
CHARACTERS_PER_TOKEN = 4
# Changes with what a count means.
_EDITION = "tokens-1"
_CHANGED = "the data was changed while it was read"


class Counted(NamedTuple):
    """Tokens and characters of the text that was counted, and whether that is all of it."""

    tokens: int
    characters: int
    whole: bool


class Fault(NamedTuple):
    """Why nothing could be counted, and what is wrong with a file of the project."""

    reason: str
    problem: Problem | None = None


class TokenTotal(NamedTuple):
    """How many tokens, how that is known, by what; the `fault` that kept a tokenizer that is there from counting."""

    value: int
    origin: str
    source: str
    fault: str = ""


class SplitTokens:
    """Counts the training split of one project with its base model's tokenizer.

    `sample` takes the rows while they are read, where a tokenizer is there; `kept` holds the counts of one run, by the
    tokenizer and the content, and what could not be counted.
    """

    def __init__(self, project: Project, kept: Kept, environment: Mapping[str, str] = os.environ) -> None:
        self.problems: list[Problem] = []
        self._root = project.root
        self._kept = kept
        self._tokenizer: Tokenizer | None = None
        self._fault = ""
        try:
            self._tokenizer = find_tokenizer(project, environment)
        except NoTokenizerError as fault:
            self._give_up(fault)
        self.sample = TextSample() if self._tokenizer else None

    def total(self, digests: Sequence[str], characters: int, read_again: Callable[[TextSample], None]) -> TokenTotal:
        """The tokens in files with these contents, in whose strings there are so many characters.

        `read_again` gives their rows to another sample, where they were not read this time.
        """
        if self._tokenizer is not None:
            try:
                counted = self._count(self._tokenizer, sorted(digests), read_again)
                return scale(self._tokenizer, counted, characters)
            except NoTokenizerError as fault:
                self._give_up(fault)
            except OSError as fault:
                self._fault = f"a data file cannot be read: {fault.strerror}"
        value = -(-characters // CHARACTERS_PER_TOKEN)
        source = f"{DATA}, characters ÷ {CHARACTERS_PER_TOKEN}"
        return TokenTotal(value, "estimated", f"{source}; {self._fault}" if self._fault else source, self._fault)

    def _give_up(self, fault: NoTokenizerError) -> None:
        self._fault = fault.reason
        self.problems += [fault.problem] if fault.problem else []

    def _count(self, tokenizer: Tokenizer, digests: list[str], read_again: Callable[[TextSample], None]) -> Counted:
        """Count, unless that was done before; what went wrong in this run would do so again."""
        content = sha256("".join(digests).encode()).hexdigest()
        kind = f"{_EDITION} {tokenizer.library} {tokenizer.name} {tokenizer.digest}"
        known = self._kept.get((kind, content))
        if known is None:
            cache = open_cache(self._root)
            known = _read(cache.load_content(kind, content)) if cache else None
            if known is None:
                known = self._count_sample(tokenizer, digests, read_again)
                if cache and isinstance(known, Counted):
                    cache.save_content(kind, content, {**known._asdict(), "whole": int(known.whole)})
            self._kept[kind, content] = known
        if isinstance(known, Fault):
            raise NoTokenizerError(*known)
        return known

    def _count_sample(
        self, tokenizer: Tokenizer, digests: list[str], read_again: Callable[[TextSample], None]
    ) -> Counted | Fault:
        from policy.evidence.tokens.counting import count_tokens

        sample = self.sample
        if sample is None or sorted(sample.digests) != digests:
            sample = TextSample()
            read_again(sample)
        if sorted(sample.digests) != digests:
            return Fault(_CHANGED)
        texts = sample.texts
        try:
            return Counted(count_tokens(tokenizer, texts), sum(map(len, texts)), sample.is_whole)
        except NoTokenizerError as fault:
            return Fault(fault.reason, fault.problem)


def scale(tokenizer: Tokenizer, counted: Counted, characters: int) -> TokenTotal:
    """The count of all text as it is, and that of a sample for as many characters as there are."""
    source = f"{DATA}, by {tokenizer.shown}"
    if not counted.whole:
        value = -(-characters * counted.tokens // counted.characters) if counted.characters else 0
        source += f", from a sample of {counted.characters / 1e6:.1f} million characters"
        return TokenTotal(value, "estimated", f"{source}; {tokenizer.doubt}" if tokenizer.doubt else source)
    if tokenizer.doubt:
        return TokenTotal(counted.tokens, "estimated", f"{source}; {tokenizer.doubt}")
    return TokenTotal(counted.tokens, "observed", source)


def _read(entry: Mapping[str, Any] | None) -> Counted | None:
    """The count that an entry holds; None where it is not what it should be."""
    if entry is None or entry.keys() != set(Counted._fields):
        return None
    numbers = [entry[name] for name in Counted._fields]
    if not all(type(number) is int and number >= 0 for number in numbers) or entry["whole"] > 1:
        return None
    return Counted(entry["tokens"], entry["characters"], bool(entry["whole"]))
