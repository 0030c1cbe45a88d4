"""Which ways of writing a licence stand for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.evidence.licenses.names import are_same, identify, is_name, is_plainer, is_silent, list_parts


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "cc-by-4.0"),
        ("http://creativecommons.org/licenses/by-nc-sa/3.0/legalcode", "cc-by-nc-sa-3.0"),
        ("https://creativecommons.org/licenses/by-nc-sa/3.0/de/", "cc-by-nc-sa-3.0-de"),
        ("https://creativecommons.org/licenses/by-nd/4.0/deed.en", "cc-by-nd-4.0"),
        ("https://creativecommons.org/licenses/by-nd-nc/1.0/", "cc-by-nd-nc-1.0"),
        ("https://www.creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/deed.de", "cc-pdm-1.0"),
        ("https://spdx.org/licenses/CC-BY-4.0", "cc-by-4.0"),
        ("https://spdx.org/licenses/Apache-2.0.html", "apache-2.0"),
        ("https://spdx.org/licenses/GPL-2.0-or-later.json", "gpl-2.0-or-later"),
        ("https://opensource.org/licenses/MIT", "mit"),
        ("https://opensource.org/license/mit/", "mit"),
        ("https://opensource.org/licenses/mit-license.php", "mit"),
        ("https://opensource.org/license/apache-2-0", "apache-2.0"),
        ("https://opensource.org/license/agpl-v3", "agpl-3.0"),
        ("https://opensource.org/license/isc-license-txt", "isc"),
        ("https://opensource.org/licenses/BSD-3-Clause", "bsd-3-clause"),
        ("https://choosealicense.com/licenses/mit/", "mit"),
        ("https://choosealicense.com/licenses/llama3.1/?x=1#top", "llama3.1"),
        ("https://www.apache.org/licenses/LICENSE-2.0.txt", "apache-2.0"),
        ("https://www.gnu.org/licenses/gpl-3.0.en.html", "gpl-3.0"),
        ("https://www.gnu.org/licenses/old-licenses/lgpl-2.1.html", "lgpl-2.1"),
        ("https://www.gnu.org/licenses/fdl-1.3.html", "gfdl-1.3"),
        ("https://opendatacommons.org/licenses/by/1-0/", "odc-by-1.0"),
        ("https://opendatacommons.org/licenses/odbl", "odbl-1.0"),
        ("https://cdla.dev/permissive-2-0/", "cdla-permissive-2.0"),
        ("https://www.mozilla.org/en-US/MPL/2.0/", "mpl-2.0"),
        ("MIT License", "mit"),
        ("The MIT License", "mit"),
        ("Apache License, Version 2.0", "apache-2.0"),
        ("Apache 2.0", "apache-2.0"),
        ("CC BY 4.0", "cc-by-4.0"),
        ("CC-BY 4.0", "cc-by-4.0"),
        ("CC BY-NC-SA 3.0", "cc-by-nc-sa-3.0"),
        ("Creative Commons Attribution 4.0 International", "cc-by-4.0"),
        ("Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International", "cc-by-nc-sa-4.0"),
        ("Creative Commons Attribution Non Commercial No Derivatives 4.0 International", "cc-by-nc-nd-4.0"),
        ("Creative Commons Attribution No Derivatives Non Commercial 1.0 Generic", "cc-by-nc-nd-1.0"),
        ('BSD 3-Clause "New" or "Revised" License', "bsd-3-clause"),
        ("Mozilla Public License 2.0", "mpl-2.0"),
        ("  mit ", "mit"),
    ],
)
def test_what_stands_for_an_identifier(text, name):
    assert identify(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "Apache-2.0",
        "CC-BY-NC-4.0",
        "acme-internal",
        "Public",
        "CC BY",  # of which version?
        "MIT OR Apache-2.0",
        "BSD License",
        "MIT-style license",
        "https://example.org/licenses/by/4.0/",
        "https://creativecommons.org.example.org/licenses/by/4.0/",
        "https://example.org/https://spdx.org/licenses/MIT",
        "https://huggingface.co/datasets/acme/licenses/blob/main/LICENSE",
        "file:///licenses/MIT",
        "x" * 10_000,
    ],
)
def test_what_stands_for_none_that_is_known_stays(text):
    assert identify(text) == text


@pytest.mark.parametrize(
    "text", ["", " ", "unknown", "Unknown", "none", "OTHER", "NOASSERTION", "n/a", "notspecified", "undefined"]
)
def test_words_that_name_none(text):
    assert is_silent(text)
    assert is_silent(f" {text} ")


def test_an_address_that_names_none():
    assert is_silent("https://choosealicense.com/licenses/undefined/")
    assert is_silent("https://choosealicense.com/licenses/unknown")
    assert not is_silent("https://choosealicense.com/licenses/mit")
    assert not is_silent("acme-internal")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Apache-2.0", "apache-2.0"),
        ("MIT License", "mit"),
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("odbl", "ODbL-1.0"),
        ("odc-by", "ODC-By-1.0"),
        ("pddl", "ODC-PDDL-1.0"),
        ("c-uda", "C-UDA-1.0"),
        ("lgpl-lr", "LGPLLR"),
        ("MIT OR Apache-2.0", "apache-2.0 or mit"),
        ("MIT AND (CC0-1.0 OR ISC)", "mit and (cc0-1.0 or isc)"),
    ],
)
def test_the_same_licence(one, other):
    assert are_same(one, other)
    assert are_same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("apache-2.0", "apache-1.1"),
        ("cc-by-4.0", "cc-by-nc-4.0"),
        ("cc-by-4.0", "cc-by-3.0"),
        ("cc-by-nc-sa-3.0", "cc-by-nc-sa-3.0-de"),
        ("bsd", "bsd-3-clause"),
        ("MIT OR Apache-2.0", "MIT AND Apache-2.0"),
        ("MIT OR Apache-2.0", "mit"),
        ("gpl-3.0-only", "gpl-3.0-or-later"),
        ("mit", ""),
    ],
)
def test_another_licence(one, other):
    assert not are_same(one, other)
    assert not is_plainer(one, other)
    assert not is_plainer(other, one)


def test_a_plain_name_leaves_open_whether_later_versions_may_be_taken():
    for exact in ("GPL-3.0-only", "gpl-3.0-or-later", "GPL-3.0+"):
        assert is_plainer("gpl-3.0", exact)
        assert not is_plainer(exact, "gpl-3.0")
    assert not is_plainer("gpl-2.0", "gpl-3.0-only")


def test_the_parts_of_an_expression():
    assert list_parts("MIT OR (odbl AND Apache-2.0)") == {"mit", "odbl-1.0", "apache-2.0"}
    assert list_parts("MIT License") == {"mit"}


@given(st.text(max_size=300))
def test_any_text_can_be_asked_about(text):
    assert is_silent(text) in (True, False)
    assert are_same(text, text)
    assert not is_plainer(text, text)
    if is_name(text):
        assert identify(identify(text)) == identify(text)
