from __future__ import annotations

from base64 import b64decode

from policy.gates.mlflow.server.webhooks.signing import sign


def test_the_example_that_libraries_of_standard_webhooks_test_with():
    secret = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = sign([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_secret_signs_and_all_that_is_sent_is_signed():
    said = ("n-1", 5, b"body")
    first, second = (sign([secret], *said)["webhook-signature"] for secret in (b"a" * 24, b"b" * 24))
    assert sign([b"a" * 24, b"b" * 24], *said)["webhook-signature"] == f"{first} {second}"
    others = [("n-2", 5, b"body"), ("n-1", 6, b"body"), ("n-1", 5, b"bodies")]
    assert len({sign([b"a" * 24], *other)["webhook-signature"] for other in (said, *others)}) == 4
