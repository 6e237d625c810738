"""Every procedure of the pages for operators is walked by a test, on a system with a long history where it can.

A new section goes in here: with the tests that do what it says, or among those that only tell.
"""

import re
from pathlib import Path
from typing import Final

import pytest

REBUILDING: Final = "tests/integration/ops/rebuild/"
ENGINE: Final = "tests/integration/engine/"
LONG_HISTORY: Final = REBUILDING + "test_long_history.py::"

PROCEDURES: Final = {
    "docs/upgrading.md": {
        "Rolling restart": (
            REBUILDING + "test_upgrades.py::test_a_rolling_restart_under_load",
            REBUILDING + "test_upgrades.py::test_rows_of_the_version_before",
        ),
        "From 0.1 to 0.2": (REBUILDING + "test_release_0_1.py::test_the_way_over",),
        "Rebuild the tables": (
            LONG_HISTORY + "test_a_rebuild_killed_at_each_stage",
            LONG_HISTORY + "test_a_record_that_is_no_decision",
            LONG_HISTORY + "test_a_release_that_cannot_judge_a_record",
            REBUILDING + "test_tables.py::test_another_policy",
            REBUILDING + "test_refusals.py::test_rebuilds_that_cannot_be",
        ),
        "A lost changelog": (
            LONG_HISTORY + "test_a_changelog_that_is_missing_altogether",
            REBUILDING + "test_tables.py::test_a_lost_changelog",
        ),
        "Another secret": (
            LONG_HISTORY + "test_another_secret_and_rules_of_a_day",
            REBUILDING + "test_tables.py::test_another_secret",
        ),
        "Back up": (LONG_HISTORY + "test_a_copy_of_all_volumes_at_one_moment",),
        "Restore": (
            LONG_HISTORY + "test_a_copy_of_all_volumes_at_one_moment",
            LONG_HISTORY + "test_a_mirror_without_tables",
            LONG_HISTORY + "test_a_read_model_that_is_lost",
        ),
    },
    "docs/operating.md": {
        "Starting": (
            REBUILDING + "long_history.py::run_history",
            LONG_HISTORY + "test_a_mirror_without_tables",
            "tests/integration/engine/test_supervisor.py::",
        ),
        "Be told": (
            "tests/deploy/test_alertmanager.py::test_alerts_reach_people",
            "tests/unit/observability/test_overview.py::",
        ),
        "The doctor": ("tests/integration/ops/doctor/test_working.py::",),
        "It does not start": (
            LONG_HISTORY + "test_an_offset_that_was_reset_is_put_back",
            LONG_HISTORY + "test_a_changelog_that_is_missing_altogether",
            "tests/integration/engine/test_refusals.py::",
        ),
        "It starts and dies": ("tests/integration/engine/test_halts.py::test_other_deaths_do_not_count",),
        "A partition stands still": (
            REBUILDING + "long_history.py::run_history",
            "tests/integration/engine/test_halts.py::",
        ),
        "Dead letters": (
            REBUILDING + "long_history.py::run_history",
            "tests/integration/ops/dead_letters/test_retrying.py::",
        ),
        "Enable a programme": (
            ENGINE + "test_enabling.py::",
            ENGINE + "test_topics_command.py::test_a_programme_of_years_needs_topics_that_are_kept_for_longer",
        ),
        "Epochs": (
            LONG_HISTORY + "test_another_secret_and_rules_of_a_day",
            LONG_HISTORY + "test_a_rebuild_killed_at_each_stage",
        ),
    },
}
"""Section -> the tests, or the part of one, that do what it says."""

TELLING: Final = {
    "Topics and groups", "Exit statuses", "The log", "What to back up", "How long until decisions come again",
}  # fmt: skip
"""Sections that only tell and ask for nothing to be done."""


@pytest.mark.parametrize("page", PROCEDURES)
def test_every_section_is_walked(root: Path, page: str) -> None:
    """A section that is neither walked nor only tells was never tried."""
    sections = set(re.findall(r"^## (.+)$", (root / page).read_text("utf-8"), re.MULTILINE))
    assert sections - TELLING == PROCEDURES[page].keys()


@pytest.mark.parametrize(
    "test", sorted({test for page in PROCEDURES.values() for each in page.values() for test in each})
)
def test_what_walks_it_is_there(root: Path, test: str) -> None:
    """A test that was renamed or removed leaves its procedure without one."""
    path, _, name = test.partition("::")
    text = (root / path).read_text("utf-8")
    assert f"def {name or 'test_'}" in text
