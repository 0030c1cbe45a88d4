"""Which paths code owners guard, by the stricter reading wherever platforms differ."""

from __future__ import annotations

import pytest

from policy.loading.waivers.code_owners import is_owned


@pytest.mark.parametrize(
    "text",
    [
        "* @security",
        "*.yaml @security",
        "waivers.yaml @security",
        "config/waivers.yaml @org/security",
        "/config/waivers.yaml security@example.com",
        "/config/ @security",
        "config/ @security",
        "/config @security",
        "/config/* @security",
        "/config/** @security",
        "**/waivers.yaml @security",
        "/**/waivers.yaml @security",
        "w?ivers.yaml @security",
        "* @everybody\n/config/ @security  # who decides",
        "# waivers\n\n  waivers.yaml\t@security\n",
        "waivers.yaml\n* @security",
        "other.yaml\n/waivers.yaml\n* @security\nconfig/other/*",
        "[Security] @security\nwaivers.yaml\n",
        "[Security][2]\nwaivers.yaml @security\n",
        "[One]\nwaivers.yaml @security\n[Two]\nwaivers.yaml\n",
        "^[Optional]\n*.md @docs\n[Security]\n* @security\n",
    ],
)
def test_a_path_that_owners_guard(text):
    assert is_owned(text, "config/waivers.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# * @security",
        "waivers.yaml",
        "waivers.yaml # @security",
        "waivers.yaml nobody",
        "waivers.yaml @",
        "/waivers.yaml @security",
        "other.yaml @security",
        "WAIVERS.yaml @security",
        "/conf @security",
        "/config/other/ @security",
        "waivers.yaml/ @security",
        "* @security\nwaivers.yaml",
        "* @security\n/config/",
        "* @security\n/config/*",
        # What only one platform takes for a match gives nobody, and takes from anybody.
        "ig/waivers.yaml @security",
        "* @security\nsub/config",
        "*/*.yaml @security\nconfig/*.yaml",
        "!waivers.yaml @security",
        "* @security\n!waivers.yaml",
        "[a-z]aivers.yaml @security",
        "w[a]ivers.yaml @security",
        "^[Optional] @security\nwaivers.yaml\n",
        "[Security][0] @security\nwaivers.yaml\n",
        "[Security] nobody\nwaivers.yaml\n",
        "/ @security",
        "waivers\\.yml @security",
        "my\\ waivers.yaml @security",
    ],
)
def test_a_path_that_anybody_may_change(text):
    # `sub/config` is found at any depth by one reading.
    path = "x/sub/config/waivers.yaml" if "sub/config" in text else "config/waivers.yaml"
    assert not is_owned(text, path)


def test_an_escaped_space_is_part_of_a_name():
    assert is_owned("my\\ waivers.yaml @security", "my waivers.yaml")


def test_a_pattern_with_many_stars_takes_no_time_to_speak_of():
    pattern = "/".join(["**"] * 200 + ["a" + "*a" * 200])
    assert not is_owned(f"{pattern} @security", f"{'a/' * 20}{'a' * 200}b")
