"""An archive as a bundle: a .tar.gz file, read with limits and written the same way every time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError, Problem
from policy.loading.bundles.content import LARGEST, LARGEST_FILE, MOST_FILES, check_content, refuse_members
from policy.loading.bundles.expansion import LARGEST_EXPANDED, Expanded, ExpansionError
from policy.loading.bundles.manifest import MANIFEST, check_manifest
from policy.loading.bundles.names import find_escape, find_fault, is_hidden
from policy.loading.bundles.tar_members import FILE, FOLDER, TarError, TarReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.loading.bundles.content import Files
    from policy.loading.bundles.tar_members import Member

LARGEST_ARCHIVE: Final = 64 * 1024**2
# With those that are hidden or lie outside the part that is wanted.
MOST_MEMBERS: Final = 50_000
REBUILD: Final = "pack it again with `policy bundle build`"
GZIP: Final = b"\x1f\x8b"


def read_archive(data: bytes, shown: str, subdirectory: str = "") -> dict[str, bytes]:
    """The files of the bundle in an archive, or in one folder of it, by path. Raises PolicyError."""
    if not data.startswith(GZIP):
        raise PolicyError(Problem(f"the bundle `{shown}` is no .tar.gz file", REBUILD))
    reader = ArchiveReader(subdirectory)
    try:
        reader.read(TarReader(Expanded(data)))
    except (ExpansionError, TarError) as error:
        raise PolicyError(Problem(f"the bundle `{shown}` cannot be read: {error}", REBUILD)) from None
    if reader.faults:
        raise refuse_members(shown, reader.faults, REBUILD)
    check_content({path: len(content) for path, content in reader.files.items()}, shown)
    if reader.manifest is not None:
        check_manifest(reader.manifest, reader.files, shown)
    return reader.files


class ArchiveReader:
    """Collects the files of an archive, and what is wrong with its members."""

    def __init__(self, subdirectory: str) -> None:
        self._start = f"{subdirectory}/" if subdirectory else ""
        self.files: dict[str, bytes] = {}
        self.manifest: bytes | None = None
        self.faults: list[str] = []
        self._kept = 0

    def read(self, members: TarReader) -> None:
        """Read every member. Raises TarError and ExpansionError."""
        for number, member in enumerate(members):
            if number >= MOST_MEMBERS:
                raise TarError(f"it has more than {MOST_MEMBERS:,} members")
            if member.size > LARGEST_EXPANDED:
                raise TarError(f"`{member.name}` is larger than {LARGEST_EXPANDED // 1024**2} MiB")
            name = member.name.removeprefix("./")
            escape = find_escape(name)
            if escape:
                self.faults.append(f"`{member.name}` {escape}")
            elif name == MANIFEST and member.kind == FILE and not self._start and self.manifest is None:
                self.manifest = members.read() if member.size <= LARGEST_FILE else b""
            elif name.startswith(self._start) and not is_hidden(name.removeprefix(self._start)):
                self._add(member, name.removeprefix(self._start), members)

    def _add(self, member: Member, path: str, members: TarReader) -> None:
        if member.kind == FOLDER:
            path = path.rstrip("/")
        fault = find_fault(path) if path not in ("", ".") or member.kind != FOLDER else ""
        if fault or member.kind not in (FILE, FOLDER):
            self.faults.append(f"`{member.name}` {fault or f'is a {member.kind}'}")
        elif path in self.files:
            self.faults.append(f"`{member.name}` is there twice")
        elif member.size > LARGEST_FILE:
            self.faults.append(f"`{member.name}` is larger than {LARGEST_FILE // 1024**2} MiB")
        elif member.kind == FILE:
            self._keep(path, members.read())

    def _keep(self, path: str, data: bytes) -> None:
        self.files[path] = data
        self._kept += len(data)
        if self._kept > LARGEST or len(self.files) > MOST_FILES:
            raise TarError(f"it holds more than {MOST_FILES:,} files or {LARGEST // 1024**2} MiB")


def write_archive(files: Files, manifest: bytes) -> bytes:
    """The archive of these files: sorted, of no time, owner or mode of their own."""
    import gzip
    import tarfile

    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, data in _list_members(files, manifest):
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def _list_members(files: Files, manifest: bytes) -> Iterator[tuple[str, bytes]]:
    yield MANIFEST, manifest
    for path in sorted(files, key=str.encode):
        yield path, files[path]
