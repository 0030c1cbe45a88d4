from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.records.erasure import erase
from policy.records.ledger import open_ledger
from policy.records.merkle import verify_consistency
from policy.records.people import identify_person
from policy.records.proofs import TamperingError, prove_entry, prove_growth
from policy.records.snapshot import open_snapshot
from tests.records.keeping import (
    draft_decision,
    fill_ledger,
    find_payload,
    make_ledger_key,
    name_decision,
    rewrite_from,
    sign,
    tampering,
)

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "keep-a-ledger.md"
(CHECK,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
SIZE = 13


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The address of a ledger, and its key."""
    url = fill_ledger(tmp_path_factory.mktemp("ledger") / "ledger.db", SIZE)
    return url, make_ledger_key(url)


def prove(url, name, signed):
    with open_snapshot(url) as snapshot:
        entry = snapshot.find_entry(name)
        assert entry is not None
        return prove_entry(snapshot, entry, signed)


def check(proof, key, tmp_path, code=CHECK):
    """What the lines of the documentation say of a proof, run by a Python that knows nothing of the ledger."""
    (tmp_path / "proof.json").write_text(json.dumps(proof), encoding="utf-8")
    arguments = [sys.executable, "-I", "-c", code, "proof.json", key.verifier.text]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_stranger_checks_every_proof_with_the_lines_of_the_documentation(kept, tmp_path):
    """Every entry under checkpoints of every size, in one process that runs the very lines."""
    url, key = kept
    proofs = [
        prove(url, str(seq), signed)
        for size in range(1, SIZE + 1)
        for signed in [sign(url, key, size)]
        for seq in range(1, size + 1)
    ]
    assert len(proofs) == SIZE * (SIZE + 1) // 2
    (tmp_path / "proofs.json").write_text(json.dumps(proofs), encoding="utf-8")
    (tmp_path / "check.py").write_text(CHECK, encoding="utf-8")
    loop = (
        "import json, runpy, sys\n"
        "proofs = json.load(open('proofs.json'))\n"
        "for proof in proofs:\n"
        "    json.dump(proof, open('proof.json', 'w'))\n"
        f"    sys.argv = ['check.py', 'proof.json', {key.verifier.text!r}]\n"
        "    runpy.run_path('check.py')\n"
    )
    done = subprocess.run([sys.executable, "-c", loop], cwd=tmp_path, capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()
    assert len(said) == len(proofs)
    assert said[-1].startswith(f"entry {SIZE} of {key.name}, recorded 2026-11-20T10:00:12")
    assert said[-1].endswith(f"is one of {SIZE}")


def test_without_the_signature_it_needs_nothing_but_python(kept, tmp_path):
    url, key = kept
    code = CHECK[: CHECK.index("# Who signed it.")]
    assert "cryptography" not in code
    assert check(prove(url, "5", sign(url, key)), key, tmp_path, code) == (0, "", "")


def flip(text):
    return text[:-2] + ("0" if text[-2] != "0" else "1") + text[-1]


WRONG = {
    "another payload": lambda proof: {"payload": proof["payload"].replace("allow", "block")},
    "another time": lambda proof: {"entry": proof["entry"].replace("10:00:04", "10:00:05")},
    "another place": lambda proof: {"entry": proof["entry"].replace('"seq":5', '"seq":4')},
    "a place that is not there": lambda proof: {"entry": proof["entry"].replace('"seq":5', '"seq":99')},
    "a place before the first": lambda proof: {"entry": proof["entry"].replace('"seq":5', '"seq":0')},
    "another ledger": lambda proof: {"entry": re.sub(r'"ledger":"\w+', '"ledger":"00', proof["entry"])},
    "another way": lambda proof: {"path": [flip(proof["path"][0]), *proof["path"][1:]]},
    "a shorter way": lambda proof: {"path": proof["path"][:-1]},
    "a longer way": lambda proof: {"path": [*proof["path"], "00" * 32]},
    "another size": lambda proof: {"size": proof["size"] + 1},
    "another signature": lambda proof: {"checkpoint": flip(proof["checkpoint"][:-10]) + proof["checkpoint"][-10:]},
    "no signature": lambda proof: {"checkpoint": proof["checkpoint"].rpartition("—")[0]},
    "another checkpoint": lambda proof: {
        "checkpoint": proof["checkpoint"].replace("\n13\n", "\n14\n"),
        "size": 14,
    },
}


@pytest.mark.parametrize("case", WRONG)
def test_a_stranger_does_not_believe_a_changed_proof(case, kept, tmp_path):
    url, key = kept
    proof = prove(url, "5", sign(url, key))
    changed = proof | WRONG[case](proof)
    assert changed != proof
    code, out, err = check(changed, key, tmp_path)
    assert (code, out) == (1, "")
    assert re.search(r"AssertionError|InvalidSignature|StopIteration|ValueError|binascii.Error", err)


def test_nor_one_that_another_signed(kept, tmp_path):
    url, key = kept
    other = make_ledger_key(url, 9)
    assert check(prove(url, "5", sign(url, other)), key, tmp_path)[0] == 1
    assert check(prove(url, "5", sign(url, other)), other, tmp_path)[0] == 0


# What it is made of


def test_a_proof_states_what_it_proves(kept):
    url, key = kept
    proof = prove(url, name_decision(4), sign(url, key))
    assert list(proof) == ["format", "ledger", "entry", "payload", "erased", "index", "size", "path", "checkpoint"]
    assert (proof["format"], proof["index"], proof["size"]) == ("policy-proof/1", 4, SIZE)
    assert json.loads(proof["payload"])["decision"] == draft_decision(4).payload["decision"]
    assert json.loads(proof["entry"])["seq"] == 5


def test_the_proof_of_an_erased_payload_says_so(tmp_path):
    url = fill_ledger(tmp_path / "ledger.db", 4)
    key = make_ledger_key(url)
    with open_ledger(url) as ledger:
        person = identify_person(ledger, "Ada")
        erase(ledger, find_payload(ledger, 1), by=person, reason="asked to")
    proof = prove(url, "2", sign(url, key))
    assert proof["payload"] is None
    assert proof["erased"] == {"entry": 5, "by": person, "reason": "asked to"}
    assert check(proof, key, tmp_path)[0] == 0


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_growth_is_proven_between_any_two_checkpoints(kept, data):
    url, key = kept
    old = data.draw(st.integers(0, SIZE))
    new = data.draw(st.integers(old, SIZE))
    before, after = sign(url, key, old), sign(url, key, new)
    with open_snapshot(url) as snapshot:
        proof = prove_growth(snapshot, before, after)
    roots = [base64.b64decode(proof[name].split("\n")[2]) for name in ("old", "new")]
    path = [bytes.fromhex(node) for node in proof["path"]]
    assert verify_consistency(old, roots[0], new, roots[1], path)


# What cannot be proven


def test_nothing_is_proven_of_a_changed_past(tmp_path):
    path = tmp_path / "ledger.db"
    url = fill_ledger(path, SIZE)
    key = make_ledger_key(url)
    signed, half = sign(url, key), sign(url, key, 6)
    with tampering(path) as driver:
        rewrite_from(driver, 7, {7: {"type": "vote"}})
    for seq in ("1", "7", "13"):
        with pytest.raises(TamperingError, match="is not what it was"):
            prove(url, seq, signed)
    assert prove(url, "1", half)
    with open_snapshot(url) as snapshot, pytest.raises(TamperingError, match="is not the beginning"):
        prove_growth(snapshot, half, signed)
    assert TamperingError.exit_code == 1


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE entries SET time = '2026-11-20T10:00:04.001Z' WHERE seq = 5", "is not what it was"),
        ("UPDATE entries SET leaf = 'x' WHERE seq = 6", "is not what it was"),
        ("DELETE FROM entries WHERE seq > 9", "is not what it was"),
        ("UPDATE payloads SET body = x'7b7d'", "the payload of entry 5 was changed"),
    ],
)
def test_nothing_is_proven_of_what_was_changed(statement, said, tmp_path):
    path = tmp_path / "ledger.db"
    url = fill_ledger(path, SIZE)
    signed = sign(url, make_ledger_key(url))
    with tampering(path) as driver:
        driver.execute(statement)
    with pytest.raises(TamperingError, match=said):
        prove(url, "5", signed)
