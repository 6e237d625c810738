"""Compare the judges over a range of seeds: `python -m tests.second_judge FIRST LAST`; status 1 at a difference."""

import sys

from tests.second_judge.comparing import compare


def main(first: int, last: int) -> int:
    """Compare seed by seed; print the first difference, or how much agreed."""
    decisions = 0
    for seed in range(first, last + 1):
        difference, agreed = compare(seed)
        decisions += agreed
        if difference:
            print(difference)
            return 1
    print(f"{last - first + 1} files, {decisions:,} decisions: the two judges agree on every one")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
