"""The audit of dependencies tells three things apart: clean, vulnerable, and not asked."""

import json

from tests.audit import verdict

CLEAN = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "not found"}


def told(*packages: object) -> tuple[str, int]:
    """The verdict on packages."""
    return verdict(json.dumps({"dependencies": packages}))


def test_vulnerable_fails_and_names_the_remedy() -> None:
    """A vulnerable package is named with the version that mends it, and the status is 1."""
    said, status = told(CLEAN, BAD)
    assert ("b 2: CVE-1, mended in 3" in said, status) == (True, 1)


def test_what_could_not_be_asked_is_said() -> None:
    """A database that is away, or does not know packages, never looks like a clean bill of health."""
    assert told(CLEAN) == ("1 packages audited", 0)
    for said, status in (told(CLEAN, SKIPPED), verdict(""), verdict("{}")):
        assert ("NOT DONE" in said, status) == (True, 0)
