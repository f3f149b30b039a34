"""The table of a replay's connections: one line each where the terminal is wide enough, otherwise one line an end."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

from probe.reports.as_text import Style
from probe.reports.table import table, visible
from probe.results.connection import Connection, Evidence, Opener, StateStep
from probe.spec.states import State

_SHORT = {
    State.CLOSED: "CL",
    State.LISTEN: "LI",
    State.SYN_SENT: "SS",
    State.SYN_RECEIVED: "SR",
    State.ESTABLISHED: "ES",
    State.FIN_WAIT_1: "F1",
    State.FIN_WAIT_2: "F2",
    State.CLOSE_WAIT: "CW",
    State.CLOSING: "CG",
    State.LAST_ACK: "LA",
    State.TIME_WAIT: "TW",
}
_NONE = "-"
_GAP = "  "
_ROOMY = 100
"""From this width on a row has room for the cross-checks, if need be in more lines."""
_WIDE = (
    "#", "client", "server", "handshake", "close", "client states", "server states",
    "again", "RTT ms", "state", "history", "compl.", "verdict",
)  # fmt: skip
_LEGEND = "RTT: of the handshake; again: retransmissions of SYN, SYN-ACK and FIN; {checks}states: " + ", ".join(
    f"{short}={state}" for state, short in _SHORT.items()
)
_CHECKS = "state, history: Zeek's conn_state and history; compl.: Wireshark's completeness number; "

Row = tuple[str, ...]


def connections_table(connections: Sequence[Connection], how: Style, files: Sequence[str] = (), more: str = "") -> str:
    """The rows in the order given, ``more`` below them, and a legend. Rows name their file where there are several."""
    names = short_names(files)
    wide = [_one_line(c, how, names) for c in connections]
    if _fits(_WIDE, wide, how.width):
        return _with_legend(table(_WIDE, wide, how.width), more, how, checks=True)
    checked = _two_lines(connections, how, names, checks=True)
    if how.width >= _ROOMY or _fits(*checked, how.width):
        return _with_legend(table(*checked, how.width), more, how, checks=True)
    plain = _two_lines(connections, how, names, checks=False)
    return _with_legend(table(*plain, how.width), more, how, checks=False)


def short_names(files: Iterable[str]) -> dict[str, str]:
    """Path -> the file's own name where no other file has the same one, else the path."""
    paths = list(dict.fromkeys(files))
    own = [PurePath(path).name or path for path in paths]
    return {path: name if own.count(name) == 1 else path for path, name in zip(paths, own, strict=True)}


def path(steps: Iterable[StateStep]) -> str:
    """``SS ES F1 F2 TW``; a hyphen where no state is certain."""
    return " ".join(_SHORT[State(step.state)] for step in steps) or _NONE


def _fits(headers: Row, rows: Sequence[Row], width: int) -> bool:
    columns = zip(headers, *rows, strict=True)
    widths = [max(visible(line) for cell in column for line in cell.split("\n")) for column in columns]
    return sum(widths) + len(_GAP) * (len(widths) - 1) <= width


def _with_legend(rows: str, more: str, how: Style, *, checks: bool) -> str:
    text = _LEGEND.format(checks=_CHECKS if checks else "")
    legend, below = (textwrap.fill(part, how.width, break_on_hyphens=False) for part in (text, more))
    return "\n".join([rows, *([how.paint.faint(below)] if below else []), "", how.paint.faint(legend)])


def _one_line(c: Connection, how: Style, names: Mapping[str, str]) -> Row:
    word, reason = _verdict(c, how), why(c)
    return (
        _index(c, names),
        str(c.client),
        str(c.server),
        _opening(c),
        c.close,
        path(c.client_states),
        path(c.server_states),
        _again(c),
        _rtt(c),
        c.conn_state,
        c.history,
        str(c.completeness),
        f"{word}: {reason}" if reason else word,
    )


def _two_lines(
    connections: Sequence[Connection], how: Style, names: Mapping[str, str], *, checks: bool
) -> tuple[Row, list[Row]]:
    """(headers, rows): a line for the client, a line for the server."""
    headers = ("#", "client\nserver", "states", "handshake\nclose", "RTT ms\nagain")
    headers += (*(("state\nhistory", "compl.") if checks else ()), "verdict")
    rows: list[Row] = []
    for c in connections:
        first, second = (c.conn_state, str(c.completeness)), (c.history, "")
        rows += [
            (_index(c, names), str(c.client), path(c.client_states), _opening(c), _rtt(c))
            + (first if checks else ())
            + (_verdict(c, how),),
            ("", str(c.server), path(c.server_states), c.close, _again(c)) + (second if checks else ()) + (why(c),),
        ]
    return headers, rows


def _verdict(c: Connection, how: Style) -> str:
    return how.paint.word("skip", "expected") if c.expected else how.paint.word(c.news)


def _index(c: Connection, names: Mapping[str, str]) -> str:
    return f"{names.get(c.file, c.file)}:{c.index}" if len(names) > 1 else str(c.index)


def _opening(c: Connection) -> str:
    """The handshake; simultaneous and mid-stream openers are named."""
    return c.handshake if c.opener is Opener.CLIENT else f"{c.handshake} ({c.opener})"


def _again(c: Connection) -> str:
    return f"{c.syn_again}/{c.syn_ack_again}/{c.fin_again}"


def _rtt(c: Connection) -> str:
    return _NONE if c.rtt is None else f"{c.rtt * 1000:.3f}"


def why(c: Connection) -> str:
    """What the verdict rests on where it is no plain pass: the rules broken, or what the record lacks."""
    broken = ", ".join(dict.fromkeys(f.rule for f in c.findings))
    return broken or ("" if c.evidence is Evidence.COMPLETE else c.evidence)
