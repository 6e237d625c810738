"""Signatures and ids: the convention's published vector, and ids that are stable and never shared."""

import base64
import hashlib
import hmac

import msgspec
import pytest

from agents.webhooks.signing import key_of, make_secret, message_id, signed_headers
from stream.decisions import Cause
from tests.redis.events import decision

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def test_published_vector() -> None:
    """The vector of the reference implementations comes out, header by header."""
    headers = signed_headers([key_of(SECRET)], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_key_signs() -> None:
    """With two secrets the header has two signatures, and each is that of its secret."""
    headers = signed_headers([key_of(SECRET), key_of(OTHER)], "id", 7, b"body")
    found = headers["webhook-signature"].split(" ")
    expected = [hmac.new(key_of(secret), b"id.7.body", hashlib.sha256).digest() for secret in (SECRET, OTHER)]
    assert [base64.b64decode(each.removeprefix("v1,")) for each in found] == expected


def test_new_secrets_have_32_bytes() -> None:
    """A secret is `whsec_` and the base64 of 32 bytes."""
    assert key_of(make_secret(lambda count: bytes(range(count)))) == bytes(range(32))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!"])
def test_wrong_secrets_are_refused_unquoted(secret: str) -> None:
    """A secret without prefix, too short or not base64 is refused, and the message does not hold it."""
    with pytest.raises(ValueError, match="base64 of 24 to 64 bytes") as error:
        key_of(secret)
    assert not secret or secret == "whsec_" or secret not in str(error.value)


def test_id_is_of_one_decision() -> None:
    """The id is the same whenever it is made; another revision, cause or topic has another; none has a full stop."""
    plain = decision("ACME0001", "air:1.2")
    revised = decision("ACME0001", "air:1.2", rank=(1, 1, 1, 2))
    again = msgspec.structs.replace(plain, data=msgspec.structs.replace(plain.data, cause=Cause("shipments", 0, 9)))
    ids = [message_id("t", plain), message_id("t", revised), message_id("t", again), message_id("u", plain)]
    assert len(set(ids)) == 4
    assert message_id("t", decision("ACME0001", "air:1.2")) == ids[0]
    assert all(each.startswith("dec_") and each.removeprefix("dec_").isalnum() and len(each) == 30 for each in ids)
