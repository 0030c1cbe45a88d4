"""What a policy set says of an MLflow server: which experiments are governed, and by what."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

from policy.structs import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy.errors import Location

NO_APP: Final = "none"
WEBHOOK_EVENTS: Final = ("opened", "decided", "expiring")
EXPIRING_WITHIN: Final = 4 * 3_600_000
NO_PLACES: Final[Mapping[str, Location]] = MappingProxyType({})


class Globs:
    """Patterns of names, case-sensitive; a pattern also matches the text that it is, as in `dependabot[bot]`."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = frozenset(patterns)
        # `fnmatch` keeps few patterns compiled, and an organisation may have many.
        self._compiled = re.compile("|".join(map(translate, sorted(self.patterns))) or r"(?!)")

    def match(self, text: str) -> bool:
        """Whether any of them matches the whole text."""
        return text in self.patterns or self._compiled.match(text) is not None


class Binding(Record):
    """Experiments, by globs over their names or by id, and whose manifests are taken there.

    `principals` are globs over who may train there, none where anybody may who is authenticated; `models` are globs
    over the registered models whose versions must come from here. `mode` caps that of the gate, and `policy_set` is
    the path of the policy set that judges here, from the settings' folder; both are empty where nothing is said.
    """

    names: tuple[str, ...]
    ids: tuple[str, ...]
    projects: tuple[str, ...]
    principals: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    mode: str = ""
    policy_set: str = ""
    location: Location | None = None
    _uncompared: ClassVar = frozenset({"location"})

    @cached_property
    def _globs(self) -> Mapping[str, Globs]:
        return {key: Globs(getattr(self, key)) for key in ("names", "projects", "principals", "models")}

    def covers(self, name: str, experiment_id: str) -> bool:
        """Whether an experiment is one of these."""
        return (bool(self.ids) and simplify_id(experiment_id) in self.ids) or self._globs["names"].match(name)

    def takes(self, project: str) -> bool:
        """Whether manifests of a project are taken here."""
        return self._globs["projects"].match(project)

    def admits(self, principal: str) -> bool:
        """Whether somebody who is authenticated may train here."""
        return not self.principals or self._globs["principals"].match(principal)

    def releases(self, model: str) -> bool:
        """Whether versions of a registered model must come from here."""
        return self._globs["models"].match(model)


class Webhook(Record):
    """An address that is told of requests, and the variables that hold what this is signed with, the newest first.

    `expiring_within` is how long before its end a request is expiring, in milliseconds; `server_url` where links lead.
    """

    url: str
    secret_env: tuple[str, ...]
    events: tuple[str, ...] = WEBHOOK_EVENTS
    expiring_within: int = EXPIRING_WITHIN
    server_url: str = ""
    location: Location | None = None
    _uncompared: ClassVar = frozenset({"location"})

    @cached_property
    def id(self) -> str:
        """What stands for the address where that is kept, for it may be known to few."""
        from hashlib import sha256

        return sha256(self.url.encode()).hexdigest()[:16]

    @property
    def host(self) -> str:
        """The part of the address that may be shown."""
        from urllib.parse import urlsplit

        return urlsplit(self.url).hostname or ""


class MlflowSettings(Record):
    """`app` is the inner application; `server` the server's name in the ledger; `folder` is where paths begin.

    `without_manifest` is the effect of a training run without a manifest; `attesters` are the names of those whose
    recorded decisions count as attested; `spool_keys` are public keys, of what the server signs while the ledger is
    down. `places` says where each key stands.
    """

    bindings: tuple[Binding, ...]
    app: str = NO_APP
    server: str = "mlflow"
    without_manifest: str = "block"
    attesters: tuple[str, ...] = ()
    spool_keys: tuple[str, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    folder: str = ""
    places: Mapping[str, Location] = NO_PLACES
    _uncompared: ClassVar = frozenset({"folder", "places"})

    def find_binding(self, name: str, experiment_id: str) -> Binding | None:
        """The first that covers an experiment; None where nothing governs it."""
        return next((binding for binding in self.bindings if binding.covers(name, experiment_id)), None)

    def find_model_binding(self, model: str) -> Binding | None:
        """The first that a registered model's versions must come from; None where they may come from anywhere."""
        return next((binding for binding in self.bindings if binding.releases(model)), None)


def simplify_id(text: str) -> str:
    """An experiment's id as MLflow's database knows it: there `007`, `+7` and ` 7 ` all are 7."""
    try:
        return str(int(text))
    except ValueError:
        return text
