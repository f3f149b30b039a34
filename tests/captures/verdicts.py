"""What replay makes of a capture, in the form of the curated set, and what tshark says of it beside."""

from __future__ import annotations

import shutil
from pathlib import Path

from probe.recording.reading import judge_recording
from probe.replay.run import ReplayOptions, replay
from probe.results import connection as engine
from probe.results.connection import Replay
from tests.capture.streams import tshark_streams
from tests.captures.expected import Connection, Due, Exchange, Expected


def replayed(path: Path) -> Replay:
    """The file, judged in this process."""
    return replay(ReplayOptions((str(path),), workers=1))


def connections(found: Replay) -> tuple[Connection, ...]:
    """The connections in the order of the file."""
    return tuple(_connection(c) for c in sorted(found.listed, key=lambda c: c.index))


def _connection(found: engine.Connection) -> Connection:
    return Connection(
        str(found.client),
        str(found.server),
        found.handshake,
        found.close,
        found.conn_state,
        found.completeness,
        tuple(f.rule for f in found.findings),
        str(found.verdict),
    )


def exchanges(path: Path) -> tuple[Exchange, ...]:
    """The exchanges of a recorded check, judged again."""
    results = judge_recording(str(path)).report.exchanges
    return tuple(Exchange(r.target, r.id, str(r.verdict), tuple(f.rule for f in r.findings)) for r in results)


def completeness(found: Replay) -> dict[int, int]:
    """First packet of a connection -> completeness."""
    return {c.first_packet: c.completeness for c in found.listed}


def by_tshark(path: Path) -> dict[int, int]:
    """The same by tshark, in two passes."""
    return {stream.packets[0]: stream.completeness for stream in tshark_streams(path)}


def declare(path: Path, shows: str, due: tuple[Due, ...], fault: str = "") -> None:
    """Write what must come of the capture; ValueError where it is not what the scene declares, or tshark objects."""
    found = replayed(path)
    have = connections(found)
    if len(have) != len(due) or not all(d.admits(c) for d, c in zip(due, have, strict=True)):
        raise ValueError(f"{path.name}: declared {due}, replay tells {have}")
    if [reason for _, _, reason in found.faults] != ([fault] if fault else []):
        raise ValueError(f"{path.name}: replay tells of the faults {found.faults}")
    if not fault and shutil.which("tshark") and completeness(found) != by_tshark(path):
        raise ValueError(f"{path.name}: completeness {completeness(found)}, by tshark {by_tshark(path)}")
    Expected(shows, have, skipped=found.skipped, fault=fault).write(path)
