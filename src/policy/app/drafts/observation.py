"""What `policy check` would observe of a project if it had the manifest that is drafted."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from policy.app.subjects import SubjectBuilder
from policy.model.manifest import MANIFEST_NAME, read_manifest
from policy.source.yaml_reader import read_yaml

if TYPE_CHECKING:
    from datetime import date

    from policy.app.drafts.findings import Findings
    from policy.app.workspace import Workspace
    from policy.model.fact import Fact

# Each config is a subject of its own, whose data is read: of more than these, nobody asks what they share.
MOST_SUBJECTS = 5


def observe_draft(workspace: Workspace, found: Findings, text: str, today: date) -> list[Fact]:
    """What evidence tells alike about every subject of the drafted manifest, in the order of the schema.

    What is wrong with files is not said: the check of the written manifest says it.
    """
    if len(found.configs) > MOST_SUBJECTS:
        return []
    schema = workspace.policy_set.schema
    manifest = read_manifest(read_yaml(text.encode(), posixpath.join(found.folder, MANIFEST_NAME)), schema)
    builder = SubjectBuilder(workspace, manifest, [], today)
    subjects = [builder.build(config).judged for config in found.configs or (None,)]
    shared = [
        fact
        for path, fact in subjects[0].items()
        if fact.origin != "declared" and all(path in other and other[path].value == fact.value for other in subjects)
    ]
    return sorted(shared, key=lambda fact: list(schema.fields).index(fact.path))
