"""Words that the project does not use in docstrings and comments, since other words say the same and all know them."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import Final

from tests.tidiness import Source

OPENING: Final = re.compile(r"Gives?\b")
"""A docstring says what is returned, with "Return", or what the thing is."""
DIALECT: Final = re.compile(r"(?<![\w-])(?:whoever|anew|nobody|he|his|him)(?![\w-])", re.IGNORECASE)


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of each docstring, those of attributes too."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text


def comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def plain_english(source: Source) -> Iterator[str]:
    """Complain about docstrings that open with "Give", and about dialect in docstrings and comments."""
    if not source.python:
        return
    written = [*docstrings(source.tree), *comments(source.text)]
    for line, text in sorted(written):
        if opening := OPENING.match(text):
            yield f'line {line}: "Return …", or what it is, instead of "{opening[0]}"'
        for found in DIALECT.findall(text):
            yield f'line {line}: no "{found}"'
