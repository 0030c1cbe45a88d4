"""Training and evaluation files read together, so that rows can be compared across files in one pass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policy.evidence.data.byte_stream import ByteStream
from policy.evidence.data.cache import Identity, identify, open_cache
from policy.evidence.data.duplicates import Repetition, RowHashes
from policy.evidence.data.files import FileObservation, Wanted, observe_file
from policy.evidence.data.overlap import EvaluationRows, Overlap
from policy.evidence.data.row_codec import choose_codec
from policy.evidence.data.row_content import Content
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.evidence.data.cache import ObservationCache
    from policy.evidence.tokens.sample import TextSample

# Smaller files are read again sooner than an entry is found.
WORTH_KEEPING = 1024 * 1024
_FORMATS = ("json", "jsonl", "csv", "parquet")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_COUNTS = ("rows", "bytes", "characters", "empty_rows", "longest_row")


class Comparison(NamedTuple):
    """What comparing rows across files gave; without evaluation files no `overlap`."""

    repetition: Repetition
    overlap: Overlap | None


class SplitReader:
    """Reads data files for their content, each state of a file and of a split once in a run."""

    def __init__(self) -> None:
        self._observed: dict[Identity, FileObservation] = {}
        self._compared: dict[tuple[tuple[Identity, ...], tuple[Identity, ...]], Comparison] = {}

    def count_kept(self) -> int:
        """How many files and comparisons are kept."""
        return len(self._observed) + len(self._compared)

    def clear(self) -> None:
        """Keep nothing of what was read."""
        self._observed.clear()
        self._compared.clear()

    def observe(self, root: str, real: str, shown: str) -> FileObservation:
        """One file by itself; raises OSError."""
        identity = identify(real)
        cache = _choose_cache(root, [identity])
        known = self._observed.get(identity) or _load_file(cache, identity)
        if known is None:
            known = self._read(identity, shown, Wanted(choose_codec(identity.size)), cache)
        self._observed[identity] = known
        return known

    def compare(
        self,
        root: str,
        training: Mapping[str, str],
        evaluation: Mapping[str, str],
        sample: TextSample | None = None,
    ) -> Comparison:
        """Compare the rows of the training files with each other, and the evaluation files with them.

        Both map real paths to the names that problems show. Raises OSError. What the files hold by themselves can
        be asked for afterwards, without their being read again. The rows for training, where they are read, go to
        `sample` too.
        """
        trained = {identify(real): shown for real, shown in training.items()}
        held_out = {identify(real): shown for real, shown in evaluation.items()}
        key = tuple(sorted(trained)), tuple(sorted(held_out))
        cache = _choose_cache(root, [*trained, *held_out])
        comparison = self._compared.get(key) or _load_comparison(cache, key)
        if comparison is None:
            comparison = self._compare(trained, held_out, cache, sample)
            _save_comparison(cache, key, comparison)
        self._compared[key] = comparison
        return comparison

    def draw(self, training: Mapping[str, str], sample: TextSample) -> None:
        """Read the training files for a sample of their text; raises OSError."""
        files = {identify(real): shown for real, shown in training.items()}
        codec = choose_codec(sum(file.size for file in files))
        for identity, shown in _drop_copies(files).items():
            self._read(identity, shown, Wanted(codec, sample=sample), None)

    def _compare(
        self,
        training: Mapping[Identity, str],
        evaluation: Mapping[Identity, str],
        cache: ObservationCache | None,
        sample: TextSample | None,
    ) -> Comparison:
        codec = choose_codec(sum(file.size for file in (*training, *evaluation)))
        rows, hashes = EvaluationRows(), RowHashes()
        for identity, shown in evaluation.items():
            self._read(identity, shown, Wanted(codec, show=rows.keep), cache)
        rows.seal()
        try:
            for identity, shown in _drop_copies(training).items():
                wanted = Wanted(codec, hashes, rows.compare if evaluation else None, sample)
                self._read(identity, shown, wanted, cache)
            return Comparison(hashes.count(), rows.count() if evaluation else None)
        finally:
            hashes.close()

    def _read(self, identity: Identity, shown: str, wanted: Wanted, cache: ObservationCache | None) -> FileObservation:
        observation = observe_file(identity.real, shown, wanted)
        self._observed[identity] = observation
        if wanted.sample is not None:
            wanted.sample.digests.append(observation.sha256)
        if identity.size >= WORTH_KEEPING:
            _save_file(cache, identity, observation)
        return observation


def _choose_cache(root: str, files: Sequence[Identity]) -> ObservationCache | None:
    return open_cache(root) if sum(file.size for file in files) >= WORTH_KEEPING else None


def _drop_copies(files: Mapping[Identity, str]) -> dict[Identity, str]:
    """Each content once. Only files of one size can be copies, so only those are hashed beforehand."""
    sizes: dict[int, int] = {}
    for identity in files:
        sizes[identity.size] = sizes.get(identity.size, 0) + 1
    kept: dict[tuple[int, str], Identity] = {}
    for identity in files:
        digest = ""
        if sizes[identity.size] > 1:
            with ByteStream(identity.real) as stream:
                _, digest = stream.finish()
        kept.setdefault((identity.size, digest), identity)
    return {identity: files[identity] for identity in kept.values()}


def _save_file(cache: ObservationCache | None, identity: Identity, file: FileObservation) -> None:
    if cache is None or file.rows is None or file.content is None or file.problem or file.reason:
        return
    told: dict[str, int | str] = {
        "rows": file.rows,
        "bytes": file.bytes,
        "sha256": file.sha256,
        "format": file.format,
    }
    cache.save("file", [identity], told | file.content._asdict())


def _load_file(cache: ObservationCache | None, identity: Identity) -> FileObservation | None:
    entry: dict[str, Any] | None = cache.load("file", [identity]) if cache else None
    if entry is None or not _are_counts(entry, _COUNTS) or entry["bytes"] != identity.size:
        return None
    form, digest = entry.get("format"), entry.get("sha256")
    if form not in _FORMATS or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        return None
    content = Content(entry["characters"], entry["empty_rows"], entry["longest_row"])
    return FileObservation(entry["rows"], entry["bytes"], digest, form, content=content)


Key = tuple[tuple[Identity, ...], tuple[Identity, ...]]


def _save_comparison(cache: ObservationCache | None, key: Key, found: Comparison) -> None:
    if cache is None or found.repetition.repeated is None:
        return
    told = {"rows": found.repetition.rows, "repeated": found.repetition.repeated}
    if found.overlap:
        told |= {"compared": found.overlap.rows, "held": found.overlap.held, "sampled": int(found.overlap.sampled)}
    cache.save(_name_kind(key), [*key[0], *key[1]], told)


def _load_comparison(cache: ObservationCache | None, key: Key) -> Comparison | None:
    entry: dict[str, Any] | None = cache.load(_name_kind(key), [*key[0], *key[1]]) if cache else None
    names = ("rows", "repeated", "compared", "held", "sampled") if key[1] else ("rows", "repeated")
    if entry is None or not _are_counts(entry, names) or entry["repeated"] > entry["rows"]:
        return None
    repetition = Repetition(entry["rows"], entry["repeated"])
    if not key[1]:
        return Comparison(repetition, None)
    if entry["held"] > entry["compared"]:
        return None
    return Comparison(repetition, Overlap(entry["compared"], entry["held"], bool(entry["sampled"])))


def _name_kind(key: Key) -> str:
    return f"comparison of {len(key[0])} with {len(key[1])}"


def _are_counts(entry: Mapping[str, Any], names: Sequence[str]) -> bool:
    return all(type(entry.get(name)) is int and entry[name] >= 0 for name in names)
