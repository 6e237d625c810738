"""Compile the hot modules while a wheel is built: a build hook, which HATCH_BUILD_HOOK_ENABLE_CUSTOM=1 turns on.

mypyc makes C of the very same source, so there is nothing to keep in step. Compiled modules go from a temporary folder
into the wheel and never into the tree, where they would hide later changes. Which modules is said in pyproject.toml.
The build needs what `make venv` installs, for the types, and a C compiler: build with `--no-isolation`.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from mypyc.build import mypycify
from setuptools import Distribution  # type: ignore[import-untyped]

GROUP = "tallygate"
"""Name of the library that all compiled modules share."""


class CompilingHook(BuildHookInterface):  # type: ignore[type-arg]
    """Puts compiled modules into the wheel, beside their source."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say what to put where; an editable install gets nothing."""
        if version == "editable":
            return
        self._folder = TemporaryDirectory(prefix="tallygate-compiling-")
        libraries = Path(self._folder.name, "libraries")
        for library in _compile(self._modules(), Path(self._folder.name), libraries):
            build_data["force_include"][str(library)] = str(library.relative_to(libraries))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what was made on the way."""
        if version != "editable":
            self._folder.cleanup()

    def _modules(self) -> list[str]:
        def found(patterns: list[str]) -> set[str]:
            root = Path(self.root)
            return {str(path.relative_to(root)) for pattern in patterns for path in root.glob(pattern)}

        return sorted(found(self.config["modules"]) - found(self.config["left-out"]))


def _compile(modules: list[str], folder: Path, libraries: Path) -> list[Path]:
    extensions = mypycify(
        [f"--cache-dir={folder / 'types'}", *modules],
        opt_level=os.environ.get("MYPYC_OPT_LEVEL", "3"),
        group_name=GROUP,
        target_dir=str(folder / "source"),
    )
    command = Distribution({"name": GROUP, "ext_modules": extensions}).get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(libraries), str(folder / "objects")
    command.ensure_finalized()
    command.run()
    return [Path(output) for output in command.get_outputs()]
