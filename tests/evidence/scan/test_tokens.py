from __future__ import annotations

from policy.evidence.scan.matching import compile_bytes
from policy.evidence.scan.tokens import TOKENS
from tests.evidence.scan.plants import SECRETS


def test_every_form_can_be_compiled_and_says_where_it_stands():
    for token in TOKENS:
        compile_bytes(token.body)
        assert token.prefixes
        assert token.source.startswith("https://")


def test_every_form_is_tried():
    assert {token.kind for token in TOKENS} <= set(SECRETS)
    planted = [value.encode() for values in SECRETS.values() for value in values]
    for token in TOKENS:
        assert any(value.startswith(token.prefixes) for value in planted), token.kind
