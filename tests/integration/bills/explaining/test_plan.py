"""`tallygate plan` over a real gateway: days, headroom, and a person who is named nowhere."""

import json
import re

import pytest

from agents.bills.planning import ConsigneeFileError, read_consignee
from state.manifest.content import consignee_key
from stream.consignee import KeyMaker
from tests.integration.gateway.gateway_setup import SECRET
from tests.integration.publish.installation import Installation
from tests.prerequisites import ROOT
from tests.redis.events import decision

pytestmark = [pytest.mark.kafka, pytest.mark.redis]

PAGE = (ROOT / "docs" / "explaining.md").read_text("utf-8")
PERSON = {
    "name": "Zoe Quill", "address": {"lines": ["9 Elm Row"], "city": "Springfield", "state": "IL", "country": "US"},
}  # fmt: skip


def planned(known: Installation, *arguments: str, person: object = None, scope: str = "plan") -> tuple[int, str, str]:
    """Ask about a person given on standard input; return exit status and both outputs."""
    text = json.dumps(PERSON if person is None else person).encode()
    value = [] if "--value" in arguments else ["--value", "120.00"]
    done = known.run("plan", "-", *value, "--day", "2025-08-20", *known.gateway(scope), *arguments, given=text)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_page_shows_what_the_command_prints(known: Installation) -> None:
    """A person with $700 on a day has room for $120 on the next one, in the words of the page."""
    key = consignee_key(KeyMaker(SECRET.encode()), read_consignee(json.dumps(PERSON).encode()))
    known.tell(decision("PLAN0001", consignee=key, cents=70_000))
    status, said, wrong = planned(known, "--days", "2")
    assert (status, wrong) == (0, "")
    shown = re.findall(r"```text\n(Wed 20 Aug.*?)```", PAGE, re.DOTALL)[0]
    assert said == shown
    assert planned(known, "--days", "1")[1].endswith("first day on which it fits: Thu 21 Aug 2025\n")
    assert planned(known, "--days", "1", "--value", "100.00")[1].endswith("  fits\n")
    assert "it fits on none of the days looked at" in planned(known, "--days", "1", "--value", "800.01")[1]
    log = (known.folder / "gateway.log").read_text()
    assert key in log
    assert not any(word in log + said + wrong for word in ("Zoe", "Quill", "Elm Row"))


@pytest.mark.parametrize(
    ("arguments", "person", "said"),
    [
        ([], {"name": "Zoe Quill"}, "consignee is not right"),
        ([], ["Zoe Quill"], "expected JSON such as"),
        ([], {"identifier_type": "SSN", "identifier": "1"}, "expected JSON such as"),
        (["--value", "$120"], PERSON, "--value"),
        (["--days", "99"], PERSON, "--days"),
    ],
)
def test_bad_usage_is_two(arguments: list[str], person: object, said: str, known: Installation) -> None:
    """A person, value or count that cannot be used ends with 2, and nothing of the person is repeated."""
    status, shown, wrong = planned(known, *arguments, person=person)
    assert (status, shown) == (2, "")
    assert said in wrong
    assert "Quill" not in wrong


def test_other_scopes_and_absent_gateways_are_told_apart(known: Installation) -> None:
    """A token that may not plan is refused with 2; a gateway that is away is 75, worth another try."""
    status, _, wrong = planned(known, scope="scan")
    assert status == 2
    assert "scope plan" in wrong
    token = str(known.folder / "plan-token")
    person = known.folder / "person.json"
    person.write_text(json.dumps(PERSON))
    way = ["--gateway", "http://127.0.0.1:9", "--token-file", token]
    assert known.run("plan", str(person), "--value", "1", "--day", "2025-08-20", *way).returncode == 75
    assert known.run("plan", "no-such", "--value", "1", "--day", "2025-08-20", *way).returncode == 2


def test_text_that_is_no_consignee_is_not_quoted() -> None:
    """Whatever is wrong with a person's text, the error says what is expected and nothing of what there was."""
    for text in (b"", b"{", b"\\xff", b'{"name": "Zoe Quill", "address": {"lines": "9 Elm Row", "country": "US"}}'):
        with pytest.raises(ConsigneeFileError) as caught:
            read_consignee(text)
        assert "Quill" not in str(caught.value)
        assert "Elm" not in str(caught.value)
