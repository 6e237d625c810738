"""The error of a rule file that cannot be used."""


class RulebookError(Exception):
    """A rule file is wrong. The message names the file, the entry, the problem and the remedy."""

    def __init__(self, file: str, entry: str, problem: str, remedy: str) -> None:
        super().__init__(f"{file}: {entry}: {problem}. Remedy: {remedy}.")
        self.file = file
        self.entry = entry
        self.problem = problem
        self.remedy = remedy
