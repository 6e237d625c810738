"""Ask a public database about the pinned packages: `python -m tests.audit`. Not done is said in a line, never silence.

Exit status 1 if a package has a known vulnerability; 0 if none has, or if the database could not be asked.
"""

import json
import subprocess
import sys

from tests.prerequisites import ROOT

COMMAND = ("pip_audit", "--requirement", "constraints.txt", "--no-deps", "--disable-pip", "--format", "json")


def verdict(answer: str) -> tuple[str, int]:
    """Return what to print of pip-audit's JSON, or of none, and the exit status."""
    try:
        packages = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        return "audit NOT DONE: the database of vulnerabilities cannot be reached", 0
    skipped = [one for one in packages if "skip_reason" in one]
    lines = [
        f"{one['name']} {one['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'no version'}"
        for one in packages
        for found in one.get("vulns", ())
    ]
    if skipped:
        lines.append(f"audit NOT DONE for {len(skipped)} of {len(packages)} packages: the database does not know them")
    lines.append(f"{len(packages) - len(skipped)} packages audited")
    return "\n".join(lines), int(any(one.get("vulns") for one in packages))


def main() -> int:
    """Run it."""
    command = [sys.executable, "-m", *COMMAND, "--progress-spinner", "off", "--timeout", "10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said, status = verdict(done.stdout)
    print(said)
    return status


if __name__ == "__main__":
    sys.exit(main())
