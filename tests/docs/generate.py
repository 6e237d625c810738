"""Write the generated documents: `python -m tests.docs.generate`; `--check` only names those out of date."""

import json
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import yaml

from deploy.grafana.boards import BOARDS
from state.rules import load_rulebook
from tests.deploy.generated import deployment_files
from tests.docs import client_types
from tests.docs.contract import contract
from tests.docs.metrics import metrics_page
from tests.docs.pages import filled
from tests.docs.programme_pages import programme_pages
from tests.docs.rules_page import rules_page
from tests.docs.schemas import schemas
from tests.docs.settings import settings_page
from tests.prerequisites import ROOT
from tests.scenarios.pages import worked_examples

DOCS = ROOT / "docs"


class _Plain(yaml.SafeDumper):
    """Repeats what is said twice, so that readers need not follow aliases, and keeps the lines of a text."""

    def ignore_aliases(self, _data: object) -> bool:
        return True

    def text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _Plain.text)


def documents() -> Iterator[tuple[Path, str]]:
    """Yield every generated file with the text it must have."""
    for name, schema in schemas().items():
        yield DOCS / "schemas" / f"{name}.json", json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    text = yaml.dump(contract(version("tallygate")), Dumper=_Plain, sort_keys=False, width=100, allow_unicode=True)
    yield DOCS / "asyncapi.yaml", f"# Written by `make docs`; change the types instead.\n{text}"
    for page in (
        DOCS / "decisions.md",
        DOCS / "events.md",
        DOCS / "publishing.md",
        DOCS / "SECURITY.md",
        DOCS / "performance.md",
    ):
        yield page, filled(page.read_text("utf-8"))
    yield client_types.PATH, client_types.client_types()
    rulebook = load_rulebook()
    yield DOCS / "rules.md", rules_page(rulebook)
    for name, text in programme_pages(rulebook, worked_examples()).items():
        yield DOCS / "programmes" / name, text
    yield DOCS / "settings.md", settings_page()
    yield DOCS / "metrics.md", metrics_page()
    yield from deployment_files()
    for board in BOARDS:
        text = json.dumps(board.as_json(), indent=2) + "\n"
        yield ROOT / "deploy" / "grafana" / "dashboards" / f"{board.name}.json", text


def main(arguments: list[str]) -> int:
    """Write what is out of date, or with `--check` name it; exit code 1 if a check found something."""
    stale = [(path, text) for path, text in documents() if not path.exists() or path.read_text("utf-8") != text]
    for path, text in stale:
        print(path.relative_to(ROOT))
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
