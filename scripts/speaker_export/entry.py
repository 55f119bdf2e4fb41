"""An entry of models.toml, written into its text: all around it, and every comment, stays as it is."""

from __future__ import annotations

import json
import re

from agent.model_store.manifest import ModelFile, parse_manifest
from agent.plumbing.errors import ModelError


def with_file(text: str, model_id: str, file: ModelFile) -> str:
    """The text of models.toml in which the exported model `model_id` has `file` and no other.

    Raises ModelError: manifest_invalid, model_unknown.
    """
    model = parse_manifest(text).model(model_id)
    if model.export is None:
        raise ModelError("model_unknown", f"{model_id} is not exported by a script", "earmark models list")
    before, entry, after = _apart(text, model_id)
    changed = before + _without_files(entry, file) + after
    parse_manifest(changed)
    return changed


def _apart(text: str, model_id: str) -> tuple[str, str, str]:
    entries = re.split(r"(?m)^(?=\[\[model\]\]$)", text)
    [place] = [number for number, entry in enumerate(entries) if _is_of(entry, model_id)]
    return "".join(entries[:place]), entries[place], "".join(entries[place + 1 :])


def _is_of(entry: str, model_id: str) -> bool:
    return re.search(rf"(?m)^id = {re.escape(json.dumps(model_id))}$", entry) is not None


def _without_files(entry: str, file: ModelFile) -> str:
    tables = re.split(r"(?m)^(?=\[)", entry)
    kept = [table for table in tables if not table.startswith("[[model.file]]")]
    source = next(number for number, table in enumerate(kept) if table.startswith("[[model.source]]"))
    lines = (f"name = {json.dumps(file.name)}", f"size = {file.size}", f"sha256 = {json.dumps(file.sha256)}")
    written = "\n".join(("[[model.file]]", *lines, "", ""))
    return "".join([*kept[:source], written, *kept[source:]])
