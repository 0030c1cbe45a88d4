"""The content of a bundle, its files by path, and the one digest that it has in every form.

The digest is the SHA-256 of a listing: a line `policy-bundle/1`, then for each file, in the order of the bytes of their
paths, the SHA-256 of its content, two spaces, its path, and a line feed. Neither times, modes and owners nor the way
that the files are packed are any part of it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError, Problem
from policy.loading.bundles.names import find_twins

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Files = Mapping[str, bytes]

FORMAT: Final = "policy-bundle/1"
MOST_FILES: Final = 5_000
LARGEST_FILE: Final = 4 * 1024**2
LARGEST: Final = 64 * 1024**2
SMALLER: Final = "take out what no policy needs"
# So many faults of one bundle are listed.
MOST_NAMED: Final = 10


def digest_files(files: Files) -> str:
    """`sha256:` and the digest that names the content."""
    return digest_listing({path: sha256(data).hexdigest() for path, data in files.items()})


def digest_listing(digests: Mapping[str, str]) -> str:
    """The digest of a content whose files have these SHA-256, in hexadecimal digits."""
    lines = [f"{digests[path]}  {path}\n" for path in sorted(digests, key=str.encode)]
    return "sha256:" + sha256(f"{FORMAT}\n{''.join(lines)}".encode()).hexdigest()


def measure(files: Files) -> int:
    """The bytes of all files."""
    return sum(map(len, files.values()))


def check_content(sizes: Mapping[str, int], shown: str) -> None:
    """Raises PolicyError for names that are one elsewhere, for what is too much, and for nothing at all."""
    faults = [f"`{second}` beside `{first}` would be one name on some systems" for first, second in find_twins(sizes)]
    if faults:
        raise refuse_members(shown, faults, "rename one of them")
    if len(sizes) > MOST_FILES:
        raise PolicyError(Problem(f"the bundle `{shown}` has more than {MOST_FILES:,} files", SMALLER))
    large = [
        f"`{path}` is larger than {LARGEST_FILE // 1024**2} MiB" for path, size in sizes.items() if size > LARGEST_FILE
    ]
    if large:
        raise refuse_members(shown, large, SMALLER)
    if sum(sizes.values()) > LARGEST:
        raise PolicyError(Problem(f"the bundle `{shown}` is larger than {LARGEST // 1024**2} MiB", SMALLER))
    if not sizes:
        raise PolicyError(Problem(f"the bundle `{shown}` holds no files", "name what holds a policy set or policies"))


def refuse_members(shown: str, faults: Iterable[str], remedy: str) -> PolicyError:
    """The error of a bundle in which these things are wrong, each said with its file."""
    listed = list(dict.fromkeys(faults))
    problems = [Problem(f"the bundle `{shown}`: {fault}", remedy) for fault in listed[:MOST_NAMED]]
    if len(listed) > MOST_NAMED:
        problems.append(Problem(f"the bundle `{shown}`: {len(listed) - MOST_NAMED:,} more are wrong", remedy))
    return PolicyError(*problems)
