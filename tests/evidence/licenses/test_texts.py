"""Licence files, recognised by their titles."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.evidence.licenses.texts import find_license_text, recognise_license

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("                 Apache License\n           Version 2.0, January 2004\n", "apache-2.0"),
        ("MIT License\n\nCopyright (c) 2026", "mit"),
        ("Creative Commons Attribution 4.0 International Public License", "cc-by-4.0"),
        ("Attribution-ShareAlike 4.0 International", "cc-by-sa-4.0"),
        ("Attribution-NonCommercial 4.0 International", "cc-by-nc-4.0"),
        ("Attribution-NonCommercial-ShareAlike 4.0 International", "cc-by-nc-sa-4.0"),
        ("CC0 1.0 Universal", "cc0-1.0"),
        ("GNU GENERAL PUBLIC LICENSE\n   Version 3, 29 June 2007", "gpl-3.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE\n   Version 3, 29 June 2007", "lgpl-3.0"),
        ("# SPDX-License-Identifier: CC-BY-4.0\nMIT License", "cc-by-4.0"),
        ("Attribution 3.0 Unported", ""),
        ("All rights reserved.", ""),
        ("x" * 3000 + "MIT License", ""),
        ("", ""),
    ],
)
def test_what_a_text_reads_like(text, name):
    assert recognise_license(text) == name


def test_the_first_licence_file_of_a_folder(tmp_path):
    (tmp_path / "data").mkdir()
    assert find_license_text(str(tmp_path), "data") is None
    (tmp_path / "data" / "COPYING").write_text("GNU GENERAL PUBLIC LICENSE\nVersion 2")
    assert find_license_text(str(tmp_path), "data") == ("data/COPYING", "gpl-2.0")
    (tmp_path / "data" / "LICENSE").write_bytes(b"MIT License \xff\x00")
    assert find_license_text(str(tmp_path), "data") == ("data/LICENSE", "mit")


def test_a_link_out_of_the_root_is_not_followed(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "LICENSE").write_text("MIT License")
    (root / "LICENSE").symlink_to("../LICENSE")
    assert find_license_text(str(root), "") is None


def test_a_real_one():
    assert find_license_text(str(ROOT), "") == ("LICENSE", "apache-2.0")
