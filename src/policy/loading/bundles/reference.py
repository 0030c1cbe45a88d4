"""How a policy set names a bundle: a place, the digest of its content, and for git the whole commit."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from policy.errors import PolicyError, Problem
from policy.loading.bundles.names import find_fault
from policy.structs import NamedTuple

GIT, WEB, PATH = "git", "web", "path"
ENDINGS: Final = (".tar.gz", ".tgz")
PIN: Final = re.compile(r"(?s)(?P<place>.*?)#(?P<pin>sha\d+[=:].*)")
FRAGMENT: Final = re.compile(r"sha256=(?P<digest>[0-9a-f]{64})(?:&subdirectory=(?P<subdirectory>.+))?")
ELSEWHERE: Final = re.compile(r"(?i)[a-z][a-z0-9+.-]*://|git\+|git@")
OTHERWISE_PINNED: Final = re.compile(r".+@sha\d+:[0-9a-f]*")
ADDRESS: Final = re.compile(
    r"(?P<scheme>[a-z+]+)://(?:(?P<user>[^/@]*)@)?(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-f:.]+\]|)(?::[0-9]{1,5})?"
    r"/[!-~]*"
)
COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
SCHEMES: Final = ("git+https", "git+ssh", "git+file", "https")
# A mirror on the same machine needs no certificate.
LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
GIT_EXAMPLE: Final = "git+https://HOST/REPOSITORY.git@COMMIT"


class Reference(NamedTuple):
    """One bundle as it is named: `place` is an address or a path, `digest` empty only where it is to be found out.

    `subdirectory` is the part of a repository or an archive that is the bundle.
    """

    text: str
    kind: str
    place: str
    commit: str = ""
    digest: str = ""
    subdirectory: str = ""

    @property
    def name(self) -> str:
        """What messages and positions call it."""
        last = posixpath.basename(self.place.replace("\\", "/").rstrip("/"))
        for ending in (*ENDINGS, ".git"):
            last = last.removesuffix(ending)
        return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip(".-") or "bundle"

    @property
    def prefix(self) -> str:
        """What positions in its files begin with, instead of a folder that differs from machine to machine."""
        return f"{self.name}@{self.digest[:19]}"


def find_reference(text: str) -> Reference | None:
    """The bundle that a text names with a digest; None where it has none. Raises PolicyError for a wrong one."""
    found = PIN.fullmatch(text)
    if found is None:
        return None
    pinned = FRAGMENT.fullmatch(found["pin"])
    if pinned is None:
        message = f"`{found['pin']}` is no digest of a bundle"
        raise PolicyError(Problem(message, "write `#sha256=` and 64 hexadecimal digits in lower case"))
    reference = read_place(text, found["place"])
    return reference._replace(
        digest=f"sha256:{pinned['digest']}", subdirectory=_read_subdirectory(reference, pinned["subdirectory"])
    )


def read_unpinned(text: str) -> Reference:
    """The reference to what has no digest yet. Raises PolicyError."""
    place, _, subdirectory = text.partition("#subdirectory=")
    reference = read_place(text, place)
    return reference._replace(subdirectory=_read_subdirectory(reference, subdirectory or None))


def read_place(text: str, place: str) -> Reference:
    """The reference to a place, without a digest. Raises PolicyError."""
    if not ELSEWHERE.match(place):
        if not place or "\0" in place:
            raise PolicyError(Problem(f"`{text}` names no place", "write a path or an address before `#`"))
        return Reference(text, PATH, place)
    if re.match(r"(?i)git@", place):
        raise PolicyError(Problem(f"`{place}` is no address", "write `git+ssh://git@HOST/REPOSITORY.git@COMMIT`"))
    if not place.startswith("git+"):
        _check_address(place, place)
        return Reference(text, WEB, place)
    address, at, commit = place.rpartition("@")
    # The last `@` may be that of a user.
    if not at or "/" in commit:
        raise PolicyError(Problem(f"`{place}` names no commit", f"write `{GIT_EXAMPLE}`, the commit in full"))
    if not COMMIT.fullmatch(commit):
        short = re.fullmatch(r"(?i)[0-9a-f]{4,63}", commit)
        message = f"`{commit}` is {'an abbreviated commit' if short else 'no commit'}, and may become another one"
        raise PolicyError(Problem(message, "write all 40 hexadecimal digits, as `git rev-parse` prints them"))
    _check_address(address, place)
    return Reference(text, GIT, address, commit)


def _check_address(address: str, shown: str) -> None:
    found = ADDRESS.fullmatch(address)
    scheme = address.partition(":")[0]
    local = found is not None and scheme == "http" and found["host"] in LOOPBACK
    if scheme not in SCHEMES and not local:
        message = f"a bundle cannot be fetched by `{scheme}`"
        raise PolicyError(Problem(message, f"write one of {', '.join(f'{name}://' for name in SCHEMES)}, or a path"))
    if found is None or bool(found["host"]) == (scheme == "git+file"):
        raise PolicyError(Problem(f"`{shown}` is no address", "write it as `SCHEME://HOST/PATH`"))
    # The user's name is part of the address for ssh, and holds no secret there.
    if found["user"] is not None and (scheme != "git+ssh" or not re.fullmatch(r"[A-Za-z0-9._][\w.-]*", found["user"])):
        message = f"the address of `{found['host']}` holds a user's name or a password"
        raise PolicyError(Problem(message, "leave them out: git has helpers for credentials"))
    if "?" in address or "\\" in address:
        raise PolicyError(Problem(f"`{shown.partition('?')[0]}` goes on with a query", "leave out what follows `?`"))


def _read_subdirectory(reference: Reference, text: str | None) -> str:
    if text is None:
        return ""
    if reference.kind == PATH and not reference.place.endswith(ENDINGS):
        message = "a bundle that is a folder has no `subdirectory`"
        raise PolicyError(Problem(message, "name the inner folder itself"))
    fault = find_fault(text)
    if fault:
        raise PolicyError(Problem(f"`subdirectory={text}` {fault}", "write a relative path with `/`"))
    return text


def needs_pin(text: str) -> bool:
    """Whether a text names a place elsewhere, or a bundle as other tools do.

    It is never taken for a path: whoever may add files could put one in its place.
    """
    return bool(ELSEWHERE.match(text) or OTHERWISE_PINNED.fullmatch(text))


def refuse_unpinned(text: str) -> PolicyError:
    """The error of a bundle without a digest, or of an address that is wrong in another way."""
    reference = read_place(text, text)
    message = f"`{reference.text}` is not pinned: a bundle is always named with the digest of its content"
    return PolicyError(Problem(message, f"add `#sha256=…`; `policy bundle verify {text}` prints it"))
