"""Two judgings side by side: what ends otherwise, and the command that shows it."""

import json
from pathlib import Path

import pytest

from agents.bills.comparing import Amounts, compare
from agents.judge import FileError, JudgeOptions
from stream.decisions import Policy
from tests.docs.pages import CASES
from tests.integration.publish.installation import tallygate
from tests.prerequisites import ROOT
from tests.unit.publish.files import bill, csv_of

THREE = ROOT / "docs" / "examples" / "three-parcels.jsonl"
PAGE = (ROOT / "docs" / "explaining.md").read_text("utf-8")


def test_latch_withholds_what_skip_released() -> None:
    """Under latch the third parcel is withheld too: counts, totals and the one bill that changes say so."""
    found = compare(str(THREE), JudgeOptions(), JudgeOptions(Policy("latch")))
    assert (found.events, found.bad_events) == (4, 0)
    assert found.before.counts == {"release within-limit": 2, "withhold daily-limit": 1}
    assert found.after.counts == {"release within-limit": 1, "withhold daily-limit": 2}
    assert found.released == (Amounts("us-321", "USD", 3, 70_000, 50_000),)
    (change,) = found.changes
    assert (change.before.bill, change.before.words, change.after.words) == (
        "ACME00003", "release within-limit", "withhold daily-limit",
    )  # fmt: skip


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_nothing_changes_under_one_policy(case: str) -> None:
    """Under one policy on both sides nothing changes, and every bill that the case decides about is counted once."""
    folder = CASES / case
    found = compare(str(folder / "events.jsonl"), JudgeOptions(), JudgeOptions())
    assert found.changes == ()
    assert found.before == found.after
    lines = (folder / "expected-decisions.jsonl").read_bytes().splitlines()
    bills = {(data["bill"], data["conveyance"]) for data in (json.loads(line)["data"] for line in lines)}
    assert sum(found.before.counts.values()) == len(bills)


def test_bill_that_only_counts_otherwise_has_not_changed(tmp_path: Path) -> None:
    """Changed is of what the outcome or the reason changes; amounts that count otherwise have a line of their own."""
    path = tmp_path / "events.jsonl"
    # The second bill is withheld under both: what it would count is no difference.
    path.write_bytes(THREE.read_bytes().replace(b'"200.00"', b'"199.60"').replace(b'"400.00"', b'"400.40"'))
    found = compare(str(path), JudgeOptions(), JudgeOptions(Policy(rounding="whole-dollars")))
    assert found.changes == ()
    assert found.otherwise == (Amounts("us-321", "USD", 1, 19_960, 20_000),)
    said = tallygate({}, "what-if", str(path), "--rounding", "whole-dollars").stdout.decode().splitlines()
    assert said[-2:] == ["0 of 3 bills end otherwise", "1 bill ends the same and counts otherwise: $199.60 -> $200.00"]


def test_changes_and_amounts_are_told_apart(tmp_path: Path) -> None:
    """Of many bills of which every amount is rounded, the one that is released for it is the one that changes."""
    lines = THREE.read_bytes().splitlines()
    first, landed = json.loads(lines[0]), lines[-1]
    for number, amount in enumerate(["12.49"] * 20 + ["800.40"]):
        first["id"] = first["data"]["bill"] = f"NOIS{number:04}"
        first["data"]["consignee"]["name"] = f"P {number}"
        first["data"]["lines"][0]["value"]["amount"] = amount
        lines.insert(number, json.dumps(first).encode())
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join([*lines[:21], landed]))
    found = compare(str(path), JudgeOptions(), JudgeOptions(Policy(rounding="whole-dollars")))
    assert [each.before.bill for each in found.changes] == ["NOIS0020"]
    assert found.otherwise == (Amounts("us-321", "USD", 20, 20 * 1249, 20 * 1200),)


def test_each_programme_is_summed_in_its_currency(tmp_path: Path) -> None:
    """Dollars and lari are never added: each programme has its own sums, named unless it is us-321."""
    lines = THREE.read_bytes().splitlines()
    manifested, arrived = json.loads(lines[0]), json.loads(lines[-1])
    for number, (programme, amount) in enumerate([("ge", "120.40"), ("ge", "100.00"), ("us-gift", "99.60")], 1):
        more = {"programme": programme, "weight_grams": 500, "bill": f"WORLD{number}", "seller": "Shop"}
        event = {**manifested, "id": f"w{number}", "data": {**manifested["data"], **more, "conveyance": "air:1"}}
        event["data"] |= {"lines": [{**event["data"]["lines"][0], "value": {"amount": amount, "currency": "USD"}}]}
        if programme == "ge":
            event["data"]["lines"][0]["value"]["currency"] = "GEL"
        lines.append(json.dumps(event).encode())
    arrived |= {"id": "w4", "data": {**arrived["data"], "conveyance": "air:1"}}
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join([*lines, json.dumps(arrived).encode()]))
    enabled = "us-321,us-gift,ge"
    usual = JudgeOptions(programmes=tuple(enabled.split(",")))
    found = compare(str(path), usual, usual._replace(policy=Policy("latch", "whole-dollars")))
    assert found.released == (
        Amounts("ge", "GEL", 2, 22_040, 22_000),
        Amounts("us-321", "USD", 3, 70_000, 50_000),
        Amounts("us-gift", "USD", 1, 9_960, 10_000),
    )
    said = tallygate({}, "what-if", str(path), "--programmes", enabled, "--rounding", "whole-dollars").stdout.decode()
    for line in (
        f"{'released under ge':<36} {'220.40 GEL':>14} {'220.00 GEL':>14}",
        f"{'released':<36} {'$700.00':>14} {'$700.00':>14}",
        f"{'released under us-gift':<36} {'$99.60':>14} {'$100.00':>14}",
        "1 bill ends the same and counts otherwise under ge: 120.40 GEL -> 120.00 GEL",
        "1 bill ends the same and counts otherwise under us-gift: $99.60 -> $100.00",
    ):
        assert line in said.splitlines()


def test_a_country_of_ones_own_is_judged_both_times() -> None:
    """A rule file for both judgings brings a programme that does not ship; its sums are in its currency."""
    folder = ROOT / "docs" / "examples"
    own = ["--rules-of-both", str(folder / "freedonia.toml"), "--programmes", "us-321,freedonia"]
    done = tallygate({}, "what-if", str(folder / "freedonia.jsonl"), *own, "--enforcement", "warn")
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode().splitlines()
    assert f"{'released under freedonia':<36} {'190.00 EUR':>14} {'190.00 EUR':>14}" in said
    assert any(each.endswith("withhold period-limit -> warn period-limit under freedonia") for each in said)
    alone = tallygate({}, "what-if", str(folder / "freedonia.jsonl"), *own)
    assert (alone.returncode, b"at least one option" in alone.stderr) == (2, True)


def test_rows_are_compared_as_lines_are(tmp_path: Path) -> None:
    """A CSV file is judged twice as well, and what is no event in it is counted."""
    path = tmp_path / "f.csv"
    path.write_bytes(csv_of(bill(arrived_at="2025-08-20T10:00:00Z"), bill(bill="ACME0002"), bill(bill="ACME0002")))
    found = compare(str(path), JudgeOptions(), JudgeOptions(Policy(enforcement="warn")))
    assert (found.events, found.bad_events, found.before.counts) == (3, 2, {"release within-limit": 1})


def test_unreadable_file_is_an_error() -> None:
    """A file that is not there is named."""
    with pytest.raises(FileError, match="no-such"):
        compare("no-such.jsonl", JudgeOptions(), JudgeOptions())


def test_page_shows_what_the_command_prints() -> None:
    """The example of the page is what the command says."""
    said = PAGE.partition("tallygate what-if docs/examples/three-parcels.jsonl --overflow latch\n```\n")[2]
    done = tallygate({}, "what-if", "docs/examples/three-parcels.jsonl", "--overflow", "latch")
    assert (done.returncode, done.stderr) == (0, b"")
    assert said.startswith(f"\n```text\n{done.stdout.decode()}```\n")


def test_changes_shown_are_limited_and_bad_events_counted(tmp_path: Path) -> None:
    """So many changed bills are shown, how many more there are, and how many events could not be read."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{}\n" + THREE.read_bytes())
    done = tallygate({}, "what-if", str(path), "--overflow", "all_or_none", "--bills", "1")
    assert "and 1 more; --bills 0 shows all" in done.stdout.decode()
    assert done.stderr == b"1 of 5 events could not be read: tallygate judge --dead-letters FILE\n"


def test_json_has_the_whole_comparison() -> None:
    """With --json both sides and all changes come as one document."""
    done = tallygate({}, "what-if", str(THREE), "--enforcement", "warn", "--json")
    found = json.loads(done.stdout)
    assert found["after"]["counts"] == {"release within-limit": 2, "warn daily-limit": 1}
    assert len(found["changes"]) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([str(THREE)], "at least one option"),
        (["no-such.jsonl", "--overflow", "latch"], "no-such.jsonl"),
        ([str(THREE), "--rules", "no-such.toml"], "no-such.toml"),
    ],
)
def test_bad_usage_is_two(arguments: list[str], said: str) -> None:
    """Nothing to compare, or a file that cannot be read, ends with 2 and says why."""
    done = tallygate({}, "what-if", *arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()
