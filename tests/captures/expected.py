"""What a capture of the curated set must give: declared beside the scene that made it, kept as JSON beside the file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[2] / "captures"


@dataclass(frozen=True, slots=True)
class Due:
    """What a scene must become. ``|`` parts alternatives, where timing or chance decides; ``*`` leaves it to them.

    ``findings`` are ids of the rules broken.
    """

    handshake: str
    close: str
    conn_state: str
    findings: tuple[str, ...] = ()
    verdict: str = "pass"

    def admits(self, found: Connection) -> bool:
        """Whether a connection is what was declared."""
        words = ((self.handshake, found.handshake), (self.close, found.close), (self.conn_state, found.conn_state))
        fits = all(due == "*" or word in due.split("|") for due, word in words)
        return fits and self.findings == found.findings and self.verdict == found.verdict


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection of a capture, as replay must tell it."""

    client: str
    server: str
    handshake: str
    close: str
    conn_state: str
    completeness: int
    findings: tuple[str, ...]
    verdict: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange of a recorded check, as it must be judged again."""

    target: str
    id: str
    verdict: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What stands beside a capture. ``fault`` is the reason why the file can be read only in part."""

    shows: str
    connections: tuple[Connection, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    skipped: dict[str, int] = field(default_factory=dict)
    fault: str = ""

    def write(self, capture: Path) -> None:
        """Beside the capture; what says nothing is left out."""
        text = json.dumps({k: v for k, v in asdict(self).items() if v}, indent=1)
        beside(capture).write_text(text + "\n", encoding="utf-8")


def beside(capture: Path) -> Path:
    """Where the verdict of a capture is kept."""
    return capture.with_name(capture.name + ".json")


def read(capture: Path) -> Expected:
    """What a capture must give."""
    fields: dict[str, Any] = json.loads(beside(capture).read_text(encoding="utf-8"))
    return Expected(
        fields["shows"],
        tuple(Connection(**_frozen(c)) for c in fields.get("connections", [])),
        tuple(Exchange(**_frozen(e)) for e in fields.get("exchanges", [])),
        fields.get("skipped", {}),
        fields.get("fault", ""),
    )


def _frozen(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"findings": tuple(fields["findings"])}


def captures() -> list[Path]:
    """Every capture of the set."""
    return sorted(p for p in HOME.rglob("*") if p.is_file() and p.suffix not in (".json", ".md"))
