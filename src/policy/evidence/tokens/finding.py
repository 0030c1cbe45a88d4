"""Finds the tokenizer of a project's base model: in the repository, or in the caches of the judge's side.

Nothing is ever fetched.
"""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from policy.errors import Location, Problem
from policy.evidence.paths import UnreadablePathError, confine, is_missing
from policy.evidence.tokens.hub import TOKENIZER_FILE, find_cache, find_cached
from policy.evidence.tokens.tokenizer import TOKENIZERS, NoTokenizerError, Tokenizer, digest_content
from policy.evidence.tokens.vocabularies import find_encoding, find_folder, read_vocabulary
from policy.evidence.tools.readers import RepositoryContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model.fact import Fact
    from policy.plugins.contracts import Project


def find_tokenizer(project: Project, environment: Mapping[str, str] = os.environ) -> Tokenizer | None:
    """The tokenizer of the base model; None where none is at hand.

    The training config's word counts before the manifest's. Raises NoTokenizerError where one is there and cannot be
    used.
    """
    base = _find_one(project, "model.base")
    if base is None:
        return None
    place = posixpath.dirname(base.location.file) if base.location is not None else project.folder
    folder = RepositoryContext(project.root, place, project.folder).find_folder(base.value)
    if folder is not None:
        return _read_own(project, folder, base)
    if encoding := find_encoding(base.value):
        return read_vocabulary(find_folder(environment), encoding)
    revision = _find_one(project, "model.revision")
    return _read_cached(project.root, base.value, revision.value if revision else "", environment)


def _find_one(project: Project, path: str) -> Fact | None:
    """What is told at a path, or else declared; None where that is no text, or more than one."""
    for facts in (project.told, project.declared):
        found = [fact for fact in facts if fact.path == path and isinstance(fact.value, str)]
        if found:
            return found[0] if len({fact.value for fact in found}) == 1 else None
    return None


def _read_own(project: Project, folder: str, base: Fact) -> Tokenizer | None:
    """The tokenizer in a folder of the repository."""
    file = posixpath.join(folder, TOKENIZER_FILE)
    if is_missing(os.path.join(project.root, file)) and not os.path.islink(os.path.join(project.root, file)):
        return None
    try:
        real = confine(project.root, file)
        digest = digest_content(real)
    except UnreadablePathError as fault:
        raise NoTokenizerError(fault.problem.message, make_problem(fault.problem.message, file)) from None
    except OSError as fault:
        message = f"`{file}` cannot be read: {fault.strerror}"
        raise NoTokenizerError(message, make_problem(message, file)) from None
    # What a config trains is tokenized with this file; of a manifest's word nobody knows that.
    doubt = "" if base.origin == "observed" else "only the manifest names it"
    return Tokenizer(TOKENIZERS, f"{file} ({digest[:12]})", real, digest, doubt=doubt, file=file)


def _read_cached(root: str, model: str, revision: str, environment: Mapping[str, str]) -> Tokenizer | None:
    """The tokenizer in the cache of Hugging Face's libraries."""
    try:
        found = find_cached(root, find_cache(environment), model, revision)
        if found is None:
            return None
        digest = digest_content(found.path)
    except OSError as fault:
        reason = f"the tokenizer of {model} in the Hugging Face cache cannot be read: {fault.strerror}"
        raise NoTokenizerError(reason) from None
    return Tokenizer(TOKENIZERS, f"{model} at {found.commit[:12]}", found.path, digest, doubt=found.doubt)


def make_problem(message: str, file: str) -> Problem:
    """A warning about a tokenizer that the project brings."""
    return Problem(
        message, "mend or fetch the file; until then tokens are an estimate", Location(file), level="warning"
    )
