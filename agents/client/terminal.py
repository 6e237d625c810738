"""A terminal that hands on every key at once, and swallows nothing that a scanner sends."""

import termios
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def every_key(descriptor: int) -> Iterator[None]:
    """Make a terminal hand on keys as they come; Ctrl-C still ends the program.

    Otherwise it would wait for Enter, with the former answer in sight, freeze the screen at Ctrl-S, put the program
    aside at Ctrl-Z, and take parts of a scan back at Ctrl-U and Ctrl-W.
    """
    before = termios.tcgetattr(descriptor)
    keys = [*before[:6], list(before[6])]
    keys[0] &= ~(termios.IXON | termios.IXOFF | termios.ISTRIP | termios.INLCR | termios.IGNCR)
    keys[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
    for setting, value in ((termios.VMIN, 1), (termios.VTIME, 0)):
        keys[6][setting] = value
    for sign in (termios.VQUIT, termios.VSUSP):
        keys[6][sign] = b"\0"
    termios.tcsetattr(descriptor, termios.TCSADRAIN, keys)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
