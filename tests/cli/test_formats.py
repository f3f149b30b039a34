"""A new format is one file: a module with a FORMAT record gets its option, and every report that is asked for in it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from probe.reports import formats
from probe.results.verdict import Verdict
from tests.cli.conftest import Invoke, StandIn
from tests.reports.records import UNANSWERED, exchange, run

TOY = '''
"""A line a section and a line a deviation."""

from probe.reports.document import Deviations
from probe.reports.formats import Format


def render(document):
    for section in document.sections:
        yield f"{document.command}: {section.headline}; exit {int(document.code)}\\n"
        for part in section.details:
            if isinstance(part, Deviations):
                yield from (f"- {found.rule} in {part.place}\\n" for found in part.found)


FORMAT = Format("toy", "Write next to nothing.", render)
'''
COMMAND = ("probe.cli.options.reporting", "probe.cli.options.common", "probe.cli.commands.check")
"""What reads the formats when it is imported."""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One file in a folder of formats; the command is imported anew, as a process does that begins."""
    (tmp_path / "formats").mkdir()
    (tmp_path / "formats" / "toy.py").write_text(TOY)
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path / "formats")])
    before = {name: sys.modules.pop(name) for name in COMMAND if name in sys.modules}
    importlib.invalidate_caches()
    yield
    for name in (*COMMAND, "probe.reports.formats.toy"):
        sys.modules.pop(name, None)
    sys.modules.update(before)


@pytest.mark.usefixtures("toy")
def test_a_file_is_a_format_with_an_option(
    invoke: Invoke, peer: StandIn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    peer.replies = [run(exchange(), exchange("close-by-us", Verdict.FAIL, findings=(UNANSWERED,)))]
    where = tmp_path / "out"
    assert invoke("check", "127.0.0.1:80", "--toy", str(where)) == 1
    assert where.read_text() == ("check: 1 of 2 exchanges failed; exit 1\n- close.fin-acked in close-by-us\n")
    capsys.readouterr()
    assert invoke("check", "--help") == 0
    assert "--toy FILE" in capsys.readouterr().out


def test_without_it_there_are_the_four() -> None:
    assert [one.name for one in formats.found()] == ["json", "jsonl", "junit", "markdown"]
