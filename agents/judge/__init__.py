"""The offline judge: the two steps without a broker, and the files that they read and write.

Anything that has events as bytes may build a `Judge`; the command `tallygate judge` alone needs `judge_file`.
"""

from agents.files import FileError
from agents.judge.judge_files import judge_file, open_outputs
from agents.judge.judge_summary import Summary
from agents.judge.offline_judge import Judge, JudgeOptions, open_judge

__all__ = ["FileError", "Judge", "JudgeOptions", "Summary", "judge_file", "open_judge", "open_outputs"]
