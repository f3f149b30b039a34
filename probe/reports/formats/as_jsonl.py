"""JSON Lines: an event a line while the run goes on, at its end what it all came to."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from probe.reports.data import event
from probe.reports.document import Data, Document
from probe.reports.formats import Format
from probe.reports.formats.as_json import complete


def line(data: Data) -> str:
    """One event."""
    return json.dumps(data) + "\n"


def render(document: Document) -> Iterator[str]:
    """The last line: the JSON document without what was told line by line."""
    data = {name: value for name, value in complete(document).items() if name not in document.listed}
    yield line(event("summary", document.command, time.time(), data) if document.timed else data | {"event": "summary"})


FORMAT = Format("jsonl", "Write each event as a line of JSON; - as above.", render, lines=True)
