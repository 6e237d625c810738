"""The offline judge: the two steps without a broker, and the files they are fed from and write to.

Anything that has events as bytes may build a `Judge`; the command `tallygate judge` alone needs `judge_file`.
"""

from agents.files import FileError
from agents.judge.files import judge_file, open_outputs
from agents.judge.judging import Judge, Options, open_judge
from agents.judge.summary import Summary

__all__ = ["FileError", "Judge", "Options", "Summary", "judge_file", "open_judge", "open_outputs"]
