"""A small reading of Kustomize: what our overlays use of it, and no more; a field that it does not know is an error.

Its output was compared with that of kustomize 5.7.1 when it was written, and was the same.
"""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import yaml

Resource = dict[str, Any]

KNOWN: Final = {"apiVersion", "kind", "resources", "namespace", "labels", "images", "replicas", "patches"}
WORKLOADS: Final = ("StatefulSet", "Deployment")


def render(folder: Path) -> list[Resource]:
    """Return the resources that `kustomize build` gives for a folder."""
    said = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    assert set(said) <= KNOWN, f"{folder}: {set(said) - KNOWN} is not rendered here"
    made = [resource for name in said["resources"] for resource in _read(folder / name)]
    for patch in said.get("patches", ()):
        for resource in _targets(made, patch["target"]):
            for operation in yaml.safe_load(patch["patch"]):
                _apply(resource, operation)
    for wanted in said.get("replicas", ()):
        for resource in _targets(made, {"name": wanted["name"]}):
            if resource["kind"] in WORKLOADS:
                resource["spec"]["replicas"] = wanted["count"]
    for resource in made:
        _finish(resource, said)
    return made


def _read(path: Path) -> Iterator[Resource]:
    if path.is_dir():
        yield from render(path)
    else:
        # Anchors make one object of two; each gets its own.
        yield from (deepcopy(one) for one in yaml.safe_load_all(path.read_text("utf-8")))


def _targets(resources: list[Resource], target: dict[str, str]) -> list[Resource]:
    found = [
        one
        for one in resources
        if target.get("kind", one["kind"]) == one["kind"]
        and target.get("name", one["metadata"]["name"]) == one["metadata"]["name"]
    ]
    assert found, f"nothing is like {target}"
    return found


def _apply(resource: Resource, operation: dict[str, Any]) -> None:
    """Do one operation of a JSON patch (RFC 6902) that is a list of such."""
    *path, last = operation["path"].lstrip("/").split("/")
    at: Any = resource
    for part in path:
        at = at[int(part)] if isinstance(at, list) else at[part]
    match operation["op"], at:
        case "add", list() if last == "-":
            at.append(deepcopy(operation["value"]))
        case "add", dict():
            at[last] = deepcopy(operation["value"])
        case "replace", dict() if last in at:
            at[last] = deepcopy(operation["value"])
        case "remove", dict() if last in at:
            del at[last]
        case _:
            raise AssertionError(f"cannot {operation['op']} {operation['path']} of {resource['metadata']['name']}")


def _finish(resource: Resource, said: dict[str, Any]) -> None:
    if "namespace" in said:
        resource["metadata"]["namespace"] = said["namespace"]
    template = resource["spec"].get("template") if resource["kind"] in WORKLOADS else None
    for labels in said.get("labels", ()):
        for one in (resource, *([template] if template and labels.get("includeTemplates") else [])):
            one["metadata"].setdefault("labels", {}).update(labels["pairs"])
    for image in said.get("images", ()):
        for container in template["spec"]["containers"] if template else ():
            if container["image"].partition(":")[0] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"
