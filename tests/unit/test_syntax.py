"""Syntax trees are made undisturbed."""

import ast
import gc
import inspect
from typing import Any

import aiokafka.producer.sender

from tests.syntax import uncollected


class Nested:
    """Garbage whose finaliser makes a syntax tree: what disturbs one that is being made."""

    made = 0

    def __init__(self) -> None:
        """Form a cycle, so that only the collector finds it."""
        self.me: Any = self

    def __del__(self) -> None:
        """Make a small tree."""
        ast.parse("f(x(y(z)))")
        Nested.made += 1


def test_no_finaliser_runs_while_a_tree_is_made() -> None:
    """With garbage waiting and the collector eager, a large tree is made whole, and the garbage goes afterwards."""
    text = inspect.getsource(aiokafka.producer.sender)
    thresholds = gc.get_threshold()
    gc.collect()
    try:
        with uncollected():
            gc.set_threshold(1)
            Nested()
            before = Nested.made
            assert len(ast.parse(text).body) > 10
            assert Nested.made == before
    finally:
        gc.set_threshold(*thresholds)
    gc.collect()
    assert Nested.made == before + 1


def test_the_collector_is_left_as_it_was() -> None:
    """It is on again afterwards if it was on, and stays off if it was off."""
    assert gc.isenabled()
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
