"""The published schemas: results of probe in JSON, and JUnit XML as Jenkins reads it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from lxml import etree

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "probe" / "reports" / "schemas" / "results.schema.json"
JENKINS = ROOT / "tests" / "reports" / "schemas" / "jenkins-junit-10.xsd"
_LINES = {
    ("check", "begun"): "begun",
    ("check", "exchange"): "exchange_line",
    ("check", "ended"): "ended",
    ("check", "summary"): "summary_line",
    ("matrix", "begun"): "begun",
    ("matrix", "cell"): "cell_line",
    ("matrix", "ended"): "matrix_ended",
    ("matrix", "summary"): "matrix_summary",
    ("soak", "begun"): "begun",
    ("soak", "counts"): "soak_counts",
    ("soak", "summary"): "soak_summary",
    ("path", "begun"): "begun",
    ("path", "summary"): "path_summary",
    ("replay", "connection"): "connection_line",
    ("replay", "summary"): "replay_summary",
}


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = json.loads(RESULTS.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})


def document(text: str) -> dict[str, Any]:
    """What --json wrote, if it is as published."""
    found: dict[str, Any] = json.loads(text)
    own = {"matrix": "matrix", "soak": "soak", "path": "path_run"}.get(found["command"])
    kind = own if own else "replay" if "files" in found else "check"
    _validator(kind).validate(found)
    _validator("document").validate(found)
    return found


def lines(text: str) -> list[dict[str, Any]]:
    """What --jsonl wrote, if every line is as published."""
    found: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    for one in found:
        as_check = one["command"] == "listen" or (one["command"] == "replay" and "target" in one)
        command = "check" if as_check else one["command"]
        _validator(_LINES[command, one["event"]]).validate(one)
        _validator("line").validate(one)
    return found


def junit(text: str) -> etree._Element:
    """What --junit wrote, if Jenkins' schema takes it."""
    found = etree.fromstring(text.encode())
    etree.XMLSchema(etree.parse(str(JENKINS))).assertValid(found)
    return found
