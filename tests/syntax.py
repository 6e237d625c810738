"""Syntax trees on a CPython that loses count: 3.11.7 counts the depth of a tree once per interpreter.

Python code that runs in the middle of `ast.parse`, such as a finaliser, and makes a tree of its own, ends the outer
one with SystemError ("AST constructor recursion depth mismatch"). So no garbage is collected meanwhile.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector off for a moment."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
