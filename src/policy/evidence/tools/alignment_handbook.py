"""The alignment handbook's recipes: TRL's arguments with mixtures of datasets or a chat template.

Its scripts extend TRL's, and so have its defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.tools.trl import is_handbook, is_trl, read_trl

if TYPE_CHECKING:
    from policy.plugins.contracts import ConfigContext, ConfigFacts
    from policy.source.node import Document, Mapping


class AlignmentHandbookReader:
    """Reads the recipes of the alignment handbook."""

    name = "alignment-handbook"
    marks: tuple[bytes, ...] = (b"model_name_or_path",)

    def recognise(self, root: Mapping) -> bool:
        return is_trl(root) and is_handbook(root)

    def read(self, document: Document, context: ConfigContext) -> ConfigFacts:
        return read_trl(self.name, document, context)
