"""Bundles of a policy set, opened where one is named; most policy sets name none, and nothing is imported for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.loading.bundles.names import looks_packed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.errors import Location
    from policy.loading.bundles.opening import Fetch, OpenBundle, Opener

LOCK_NAME: Final = "policy.lock"
# What every name of a bundle holds, unless it is one of an archive or a repository.
PINNED: Final = "#sha256="
SIGNS: Final = ("#sha", "://", "git+", "git@", "@sha256:")


class LateOpener:
    """Opens the bundles of one policy set, each once; `fetch` gets those that are not here yet."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        self._fetch = fetch
        self._opener: Opener | None = None

    @property
    def used(self) -> Mapping[str, OpenBundle]:
        """The bundles that were opened, by how they are named."""
        return self._opener.used if self._opener is not None else {}

    def open(self, name: str, folder: str, location: Location | None = None, top: str = "") -> OpenBundle | None:
        """The bundle of that name; None where it names none. Raises PolicyError.

        A path is relative to `folder`; `top` is the folder of the bundle whose file names it, empty for any other file.
        """
        if not looks_packed(name, folder) and not any(sign in name.lower() for sign in SIGNS):
            return None
        if self._opener is None:
            from policy.loading.bundles.opening import Opener

            self._opener = Opener(self._fetch)
        return self._opener.open(name, folder, location, top)
