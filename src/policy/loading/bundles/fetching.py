"""A bundle from elsewhere: fetched when somebody asks for it, and by no check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.loading.bundles.reference import GIT

if TYPE_CHECKING:
    from policy.loading.bundles.reference import Reference


def fetch_files(reference: Reference) -> dict[str, bytes]:
    """The files of a bundle at an address; whether they are the right ones the caller checks. Raises PolicyError."""
    if reference.kind == GIT:
        from policy.loading.bundles.git_trees import fetch_tree

        return fetch_tree(reference)
    from policy.loading.bundles.archives import LARGEST_ARCHIVE, read_archive
    from policy.loading.bundles.download import download

    return read_archive(download(reference.place, LARGEST_ARCHIVE), reference.name, reference.subdirectory)
