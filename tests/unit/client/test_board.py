"""What a scanner's terminal shows: the bill on top, later changes, and never an old GO."""

import io

import pytest
from rich.console import Console

from agents.client.board import ASKING, BELLS, SCANNING, SHOWN, Board
from agents.client.colours import STYLES
from agents.client.cutting import NO_BILL, NO_ENTER, Scan
from agents.client.link import ScannedBill
from agents.client.screen import CHANGED, FONT, READY, big, draw
from stream.outcomes import Action
from stream.reasons import KEEP_LINE, SCAN_AGAIN_LINE, STALE_LINE

GO = ScannedBill("ACME0001", Action.GO, "Within the consignee's limit for the day.")
HOLD = ScannedBill("ACME0001", Action.HOLD, "Over the consignee's limit for the day.")


def board_with(*verdicts: ScannedBill) -> Board:
    """Return a live board on which these bills were scanned and answered."""
    board = Board()
    board.live()
    for verdict in verdicts:
        board.scanned(Scan(verdict.bill))
        board.verdict(verdict)
    board.take_bells()
    return board


def of(number: int, action: Action = Action.GO) -> ScannedBill:
    return ScannedBill(f"ACME{number:04}", action, "A line.")


def test_nothing_is_shown_before_anything_is_scanned() -> None:
    """At first there is no action, and the trouble says that it is still connecting."""
    view = Board().view()
    assert (view.action, view.trouble) == (None, "connecting")


def test_answer_of_what_was_scanned_is_on_top() -> None:
    """A scanned bill is HOLD until its answer is there, then what the answer says; the one before moves below."""
    board = board_with(of(1, Action.STOP))
    board.scanned(Scan("ACME0002"))
    assert (board.view().action, board.view().line) == (Action.HOLD, ASKING)
    board.verdict(of(2))
    view = board.view()
    assert (view.action, view.bill, view.changed) == (Action.GO, "ACME0002", False)
    assert view.recent == (of(1, Action.STOP),)


def test_scanning_again_asks_again() -> None:
    """What was known before is not shown as the answer to a new scan."""
    board = board_with(GO)
    board.scanned(Scan("ACME0001"))
    assert board.view().action is Action.HOLD
    board.verdict(GO)
    assert board.view().action is Action.GO
    assert not board.view().changed


def test_later_change_comes_to_the_top() -> None:
    """A bill whose decision changes is shown above what was scanned after it, and says that it changed."""
    board = board_with(GO, of(2))
    board.verdict(HOLD)
    view = board.view()
    assert (view.action, view.bill, view.changed) == (Action.HOLD, "ACME0001", True)
    assert board.take_bells() == BELLS[Action.HOLD]
    assert [each.bill for each in view.recent] == ["ACME0002"]


def test_change_to_go_does_not_come_to_the_top() -> None:
    """A change to GO belongs to another parcel than the one at hand: it stands in the list, and rings as HOLD does."""
    board = board_with(HOLD, of(2, Action.STOP))
    board.verdict(GO)
    assert (board.view().action, board.view().bill) == (Action.STOP, "ACME0002")
    assert (board.view().recent[0].bill, board.view().recent[0].changed) == ("ACME0001", True)
    assert board.take_bells() == BELLS[Action.HOLD]
    board = board_with(HOLD)
    board.verdict(GO)
    assert (board.view().action, board.view().changed, board.take_bells()) == (Action.GO, True, BELLS[Action.GO])


@pytest.mark.parametrize("later", list(Action))
def test_change_waits_for_the_answer_to_a_scan(later: Action) -> None:
    """While a scanned bill has no answer, what changes elsewhere does not stand in its place."""
    board = board_with(ScannedBill("ACME0001", Action.HOLD, "Before."))
    board.scanned(Scan("ACME0002"))
    board.verdict(ScannedBill("ACME0001", later, "Later."))
    assert (board.view().bill, board.view().line) == ("ACME0002", ASKING)


@pytest.mark.parametrize("later", list(Action))
def test_no_answer_stands_while_a_scan_is_under_way(later: Action) -> None:
    """From the first character on nothing of before is shown big or rings as its action, whatever comes meanwhile."""
    board = board_with(GO)
    board.scanned(Scan("ACME0002"))
    board.typed("A")
    board.verdict(of(2, later))
    board.verdict(ScannedBill("ACME0001", later, "Later."))
    assert (board.view().action, board.view().line, board.view().typed) == (None, SCANNING, "A")
    assert board.take_bells() == BELLS[Action.HOLD]
    board.left()
    assert (board.view().action, board.view().line) == (Action.HOLD, NO_ENTER)
    assert board.take_bells() == BELLS[Action.STOP]
    board.typed("AC")
    board.left()
    assert board.take_bells() == 0
    board.typed("")
    assert (board.view().action, board.view().bill, board.view().line) == (None, "", "")
    board.typed("A")
    board.lost("gone")
    assert (board.view().recent, board.view().trouble) == ((), "gone")


def test_the_same_again_is_no_change() -> None:
    """After a break the same answers come again; they change neither what is on top nor ring the bell."""
    board = board_with(GO, of(2))
    board.lost("gone")
    board.take_bells()
    board.live()
    board.verdict(GO)
    assert (board.view().bill, board.view().changed, board.take_bells()) == ("ACME0002", False, 0)


@pytest.mark.parametrize("action", list(Action))
def test_no_action_outlives_the_connection(action: Action) -> None:
    """Whatever was shown, without a live connection it is HOLD with the reason, and nothing from before is in sight."""
    board = board_with(of(1), of(2, action))
    board.lost("no sign of life")
    view = board.view()
    assert (view.action, view.line, view.trouble) == (Action.HOLD, STALE_LINE, "no sign of life")
    assert view.recent == ()
    assert board.take_bells() == BELLS[Action.HOLD]
    board.lost("still none")
    assert board.take_bells() == 0
    board.live()
    assert board.view().action is action


def test_stale_verdict_is_no_change() -> None:
    """A verdict of a gateway that is behind neither counts as a change nor stands for the bill afterwards."""
    board = board_with(GO)
    board.verdict(ScannedBill(GO.bill, Action.HOLD, STALE_LINE, stale=True))
    board.lost("the gateway is behind")
    assert (board.view().action, board.view().changed) == (Action.HOLD, False)
    board.live()
    board.verdict(GO)
    assert (board.view().action, board.view().changed) == (Action.GO, False)


def test_what_is_no_bill_is_said() -> None:
    """Something that cannot be a bill is HOLD, and does not stay when the next bill is scanned."""
    board = board_with(GO)
    board.scanned(Scan(None, NO_BILL, r"\x1d??"))
    view = board.view()
    assert (view.action, view.todo, view.line) == (Action.HOLD, SCAN_AGAIN_LINE, NO_BILL)
    assert r'Read: "\x1d??"' in drawn(board)
    assert board.take_bells() == BELLS[Action.STOP]
    board.scanned(Scan("ACME0001"))
    board.verdict(GO)
    assert board.view().action is Action.GO


def test_only_the_latest_are_kept() -> None:
    """However many bills are scanned, so many are remembered, the latest."""
    board = board_with(*(of(number) for number in range(3 * SHOWN)))
    bills = [board.view().bill, *(each.bill for each in board.view().recent)]
    assert bills == [f"ACME{number:04}" for number in range(3 * SHOWN - 1, 2 * SHOWN - 1, -1)]


def test_each_action_sounds_and_looks_its_own() -> None:
    """STOP and HOLD sound unlike GO, and no two actions have one colour."""
    assert BELLS[Action.GO] < BELLS[Action.HOLD] < BELLS[Action.STOP]
    assert len(set(STYLES.values())) == len(Action) == len(STYLES) == len(BELLS)


@pytest.mark.parametrize("action", list(Action))
def test_big_letters_are_whole(action: Action) -> None:
    """Each action has five rows of one width, and no two letters look alike."""
    rows = big(action, "#")
    assert len(rows) == 5
    assert len({len(row) for row in rows}) == 1
    assert all(len(shape) == 25 for shape in FONT.values())
    assert len(set(FONT.values())) == len(FONT)


def drawn(board: Board) -> str:
    """Return what a terminal of a hundred columns would show."""
    console = Console(file=io.StringIO(), force_terminal=True, width=100, color_system="standard")
    draw(console, board.view())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_screen_shows_word_bill_line_and_change() -> None:
    """All there is to see is on the screen: big word, bill, line, that it changed, and the ones before."""
    board = board_with(GO, of(2, Action.STOP))
    board.verdict(HOLD)
    shown = drawn(board)
    for text in (HOLD.bill, HOLD.line, CHANGED, "ACME0002", "STOP", "scan> "):
        assert text in shown
    assert all(row in shown for row in big(Action.HOLD, "█"))
    assert shown.index("Set aside. Ask the lead.") < shown.index(HOLD.line)  # what to do, then why
    board.lost("no sign of life")
    assert KEEP_LINE in drawn(board)
    assert "NO LIVE CONNECTION: no sign of life" in drawn(board)
    assert READY in drawn(Board())


def test_what_comes_from_outside_is_text() -> None:
    """Markup in a line is shown as it stands, and is not taken for markup of the terminal."""
    board = board_with(ScannedBill("ACME0001", Action.GO, "[bold]x[/bold]"))
    assert "[bold]x[/bold]" in drawn(board)
