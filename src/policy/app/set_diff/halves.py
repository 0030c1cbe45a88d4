"""One of two policy sets, and a policy as it has it, with where each setting stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.errors import Location
    from policy.model.policy import Policy, PolicySet


class Whole(NamedTuple):
    """A policy set; `show_path` names its files for the reader."""

    policy_set: PolicySet
    show_path: Callable[[str], str]

    def locate(self, section: str, name: str, key: str) -> Location | None:
        """Where a layer sets something."""
        return self.show(self.policy_set.places.get((section, name, key)))

    def show(self, place: Location | None) -> Location | None:
        """A position in one of its files as the reader finds it."""
        return None if place is None else place._replace(file=self.show_path(place.file))

    def list_halves(self) -> dict[str, Half]:
        """All its policies, by id."""
        return {policy.id: Half(policy, self) for policy in self.policy_set.policies}


class Half(NamedTuple):
    """A policy in a policy set."""

    policy: Policy
    whole: Whole

    @property
    def policy_set(self) -> PolicySet:
        """What says how it is in force."""
        return self.whole.policy_set

    @property
    def values(self) -> dict[str, Any]:
        """The values of its parameters; one without a value is left out."""
        return self.policy_set.values_for(self.policy)

    def locate(self, section: str, *keys: str) -> Location | None:
        """Where a layer sets something about it, by the first of the keys that is set."""
        found = (self.whole.locate(section, self.policy.id, key) for key in keys or ("",))
        return next(filter(None, found), None)
