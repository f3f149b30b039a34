"""One JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterator

from probe.reports.document import Data, Document, Rows
from probe.reports.formats import Format


def render(document: Document) -> Iterator[str]:
    """The document in pieces. A list that may be long (the last entry) has a row a line, however long the row is."""
    data = complete(document)
    last = next(reversed(data))
    rows = data[last]
    if not isinstance(rows, Rows):
        yield dumps(data)
        return
    before, after = dumps(data | {last: []}).rsplit("[]", 1)
    yield before + "["
    between = "\n    "
    for row in rows.rows:
        yield between + (row if isinstance(row, str) else json.dumps(row))
        between = ",\n    "
    yield ("]" if between == "\n    " else "\n  ]") + after


def complete(document: Document) -> Data:
    """The plain data with the exit code and the errors of the moment."""
    return document.data() | {"exit_code": document.code, "errors": document.sentences}


def dumps(data: Data) -> str:
    """The data as text, with a line feed at its end."""
    return json.dumps(data, indent=2) + "\n"


FORMAT = Format("json", "Write the results as JSON; - is standard output.", render)
