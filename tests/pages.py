"""The generated parts of the pages beside the code: printed from the code itself, so that they cannot go stale.

``python -m tests.pages`` writes them anew; ``tests/test_pages.py`` compares. A part stands between two comments,
``<!-- generated: NAME -->`` and ``<!-- end generated -->``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from probe.cli.catalogue.coverage import application, rule_coverage, shown_by
from probe.results.ending import ABOUT
from probe.scenarios import ALL, TOPICS
from probe.scenarios.steps import Scenario
from probe.spec import rules
from tests.live import deviations
from tests.live.found import known
from tests.replay.events import EVENTS
from tests.spec.diagram import markdown_table, mermaid

ROOT = Path(__file__).resolve().parent.parent
_PART = re.compile(r"(<!-- generated: ([\w ,-]+) -->\n).*?(<!-- end generated -->)", re.DOTALL)
_MARKS = {
    "any listening port": "",
    "a port where nothing listens": "a closed port",
    "`probe target` on the peer": "`probe target`",
}


def _cell(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")


def exchanges() -> str:
    """Every exchange by topic: id, what it shows, clause, what it needs of the peer, how long it waits."""
    lines: list[str] = []
    for topic in TOPICS:
        lines += [f"### {topic.replace('_', ' ')}", "", "| id | what is shown | clause | needs |", "|---|---|---|---|"]
        own = [s for s in ALL.values() if _topic_of(s) == topic]
        for s in own:
            asked = _MARKS.get(application(s), "closes first")
            waits = "minutes" if s.slow else "a timer" if s.waits else ""
            what = ", ".join(filter(None, (asked, f"waits for {waits}" if waits else "")))
            lines.append(f"| `{s.id}` | {_cell(s.title)} | {s.clause} | {what} |")
        lines.append("")
    return "\n".join(lines)


def _topic_of(scenario: Scenario) -> str:
    name = scenario.id.replace("-", "_")
    found = [t for t in TOPICS if (ROOT / "probe/scenarios" / t / f"{name}.py").is_file()]
    return found[0] if found else "opening"  # the plain handshake, ``open``, is in three_way.py


def catalogue() -> str:
    """Every rule: id, level, source, sentence, and what shows it."""
    shown_in = shown_by()
    lines = ["| rule | level | source | what it says | shown by |", "|---|---|---|---|---|"]
    for rule in rules.ALL.values():
        shown = rule_coverage(rule.id, shown_in.get(rule.id, []))
        lines.append(f"| `{rule.id}` | {rule.level} | {_cell(rule.source)} | {_cell(rule.sentence)} | {_cell(shown)} |")
    return "\n".join([*lines, ""])


def events() -> str:
    """Events of an intrusion detection system, what replay says of each, and why not more."""
    lines = ["| event | as a connection | told | because |", "|---|---|---|---|"]
    for one in EVENTS:
        word, _, rule = one.told.rpartition(" ")
        told = f"{word} `{rule}`" if word in {"fail", "warn", "oddity"} else one.told
        lines.append(f"| `{one.name}` | `{one.packets.replace('|', ' ')}` | {told} | {_cell(one.why)} |")
    return "\n".join(lines) + "\n"


def causes() -> str:
    """Why connections end: the word, its clause, what is said of it."""
    lines = ["| cause | RFC 9293 | what is said | trouble |", "|---|---|---|---|"]
    for cause, about in ABOUT.items():
        told = _cell(about.text.format(by="one end"))
        lines.append(f"| `{cause}` | {about.clause} | {told} | {'yes' if about.trouble else 'no'} |")
    return "\n".join([*lines, ""])


def _stack(name: str) -> str:
    """What a stack does otherwise, as it was found and read up."""
    stack, found = name.partition(",")[0], known(name)
    if name in deviations.CELLS:
        return deviations.cells_table(deviations.CELLS[name], found, stack)
    return deviations.table(deviations.EXCHANGES[name], found, stack)


PARTS: dict[str, Callable[[], str]] = {
    "state diagram": lambda: mermaid() + "\n",
    "SEGMENT ARRIVES": lambda: markdown_table() + "\n",
    "rules": catalogue,
    "exchanges": exchanges,
    "events": events,
    "causes": causes,
    **{name: partial(_stack, name) for name in (*deviations.EXCHANGES, *deviations.CELLS)},
}


def pages() -> dict[Path, str]:
    """Every page with generated parts, as it should read."""
    files = [*(ROOT / "probe").rglob("*.md"), *(ROOT / "tests").rglob("*.md"), ROOT / "README.md"]
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    return {
        path: _PART.sub(lambda m: m[1] + PARTS[m[2]]() + m[3], text)
        for path, text in texts.items()
        if _PART.search(text)
    }


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
