"""What is generated in `docs/` is what the code says today."""

from pathlib import Path

import pytest

from tests.docs.generate import documents
from tests.prerequisites import ROOT


@pytest.mark.parametrize(("path", "text"), [pytest.param(*made, id=made[0].name) for made in documents()])
def test_generated_document_is_up_to_date(path: Path, text: str) -> None:
    """A generated file says what the code says; `make docs` writes it again."""
    assert path.read_text("utf-8") == text, f"make docs writes {path.relative_to(ROOT)} anew"


def test_no_schema_is_left_over() -> None:
    """Every file of the schema folder is one that the code makes."""
    made = {path for path, _ in documents()}
    assert set((ROOT / "docs" / "schemas").iterdir()) <= made
