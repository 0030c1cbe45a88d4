"""What the tests of reading share: both YAML parsers, and the problems of a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import yaml

from policy.errors import PolicyError, Problem


@pytest.fixture(scope="module", params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the module's tests with PyYAML's C extension and as if it were missing."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "python":
            patch.setattr("policy.source.yaml_events.CParser", None)
        elif not yaml.__with_libyaml__:
            pytest.skip("PyYAML was installed without its C extension")
        yield


@pytest.fixture
def refuse() -> Callable[..., tuple[Problem, ...]]:
    """Call a reader that must refuse its input, and return the problems."""

    def call(reader: Callable[..., object], *args: object, **options: object) -> tuple[Problem, ...]:
        with pytest.raises(PolicyError) as refusal:
            reader(*args, **options)
        return refusal.value.problems

    return call
