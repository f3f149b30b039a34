"""From the document to what is printed or written: one file a format.

* ``text``: for people at a terminal, with ``ladders``; it fits 60 columns and more
* ``markdown``: for a job's summary, with ``mermaid``; shortened to the room there is, the weightiest part first
* ``as_json``, ``as_jsonl``: the plain data, whole or a line an event
* ``junit``: cases, as test runners report them
* ``actions``: lines in the log of GitHub Actions

A module here that holds a ``FORMAT`` is found by itself: every command that judges has its option, and writes the file.
This is one, ``formats/rules.py``::

    def render(document: Document) -> Iterator[str]:
        for section in document.sections:
            for part in section.details:
                if isinstance(part, Deviations):
                    yield from (f"{found.rule} {part.place}\\n" for found in part.found)


    FORMAT = Format("rules", "Write the rules that are broken.", render)
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

from probe.reports.document import Document


@dataclass(frozen=True, slots=True)
class Format:
    """A format with an option of its own, ``--NAME FILE``: ``render`` gives the text in pieces.

    ``lines``: the file grows while the run goes on, and what is rendered is added at its end.
    """

    name: str
    help: str
    render: Callable[[Document], Iterable[str]]
    lines: bool = False


def found() -> list[Format]:
    """Every format with an option, in the order of its module's names."""
    modules = [import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    return [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
