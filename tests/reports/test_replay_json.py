"""The JSON of a replay: the names scripts rely on."""

from __future__ import annotations

import json
from typing import Any

from probe.reports.data import connection, connection_line
from probe.reports.formats import as_jsonl
from probe.results.connection import Connection, Recording
from probe.results.verdict import Verdict
from tests.reports.captured import BROKEN, PACKETS, broken, replay
from tests.reports.captured import connection as plain
from tests.reports.records import exchange, report, run
from tests.reports.rendering import as_data, captures, document

ENVELOPE = {"schema_version", "command", "profile", "exit_code"}
CONNECTION = {
    "file", "index", "client", "server", "packets", "first_packet", "handshake", "close", "client_states",
    "server_states", "evidence", "conn_state", "history", "completeness", "findings",
}  # fmt: skip


def loaded(*pieces: str) -> Any:  # noqa: ANN401
    return json.loads("".join(pieces))


def line(found: Connection) -> str:
    return as_jsonl.line(connection_line(found))


def test_the_contract_of_a_replay() -> None:
    found = replay(plain(0), broken(7), skipped={"not TCP": 2}, faults=(("a.pcap", 99, "the file ends"),))
    text = as_data(document(found, code=1, errors=["no such file"]))
    read = loaded(text)
    assert set(read) >= ENVELOPE | {"files", "skipped", "connections"}
    assert (read["command"], read["profile"], read["exit_code"]) == ("replay", "rfc9293", 1)
    assert (read["files"], read["skipped"], read["errors"]) == (["a.pcap"], {"not TCP": 2}, ["no such file"])
    assert read["faults"] == [{"file": "a.pcap", "offset": 99, "reason": "the file ends"}]
    assert all(set(c) >= CONNECTION for c in read["connections"])
    assert [c["index"] for c in read["connections"]] == [0, 7]
    assert read["counts"]["verdicts"]["fail"] == 1
    assert text.endswith("}\n")


def test_a_connection_in_full() -> None:
    read = json.loads(line(broken(7, syn_again=1)))
    assert read["client"] == {"address": "192.0.2.2", "port": 50007}
    assert read["client_states"] == ["SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]
    assert read["server_steps"][0] == {"state": "SYN-RECEIVED", "packet": 2}
    assert read["retransmissions"] == {"syn": 1, "syn_ack": 0, "fin": 0}
    assert (read["rtt"], read["verdict"], read["completeness"]) == (0.000123, "fail", 31)
    assert read["findings"][0]["rule"] == BROKEN.rule
    assert read["findings"][0]["packets"] == [7, 8]
    assert "segments" not in read


def test_a_line_is_one_line() -> None:
    assert line(broken()).count("\n") == 1
    assert line(broken()).endswith("\n")


def test_without_connections_the_list_is_empty() -> None:
    assert loaded(as_data(document(replay())))["connections"] == []


def test_names_in_files_cannot_break_the_document() -> None:
    odd = 'a"connections": []\n.pcap'
    found = replay(plain(file=odd))
    read = loaded(as_data(document(found)))
    assert read["files"] == [odd]
    assert read["connections"][0]["file"] == odd


def test_segments_are_given_with_the_packets() -> None:
    segments = connection(plain(), PACKETS)["segments"]
    assert len(segments) == len(PACKETS)
    assert segments[0] == {
        "packet": 1, "time": 0.001, "direction": ">", "flags": "S", "seq": 1000, "ack": None, "length": 0,
        "window": 65535,
    }  # fmt: skip
    assert (segments[1]["direction"], segments[1]["ack"]) == ("<", 1001)


def test_a_recording_keeps_what_a_check_reports() -> None:
    again = Recording(
        "run.pcapng", report(run(exchange(verdict=Verdict.FAIL))), {Verdict.FAIL: 1}, ("open: recorded pass, now fail",)
    )
    read = loaded(as_data(document(captures(None, again))))
    assert [e["verdict"] for e in read["exchanges"]] == ["fail"]
    (one,) = read["recordings"]
    assert (one["file"], one["same_verdicts"], one["differs"]) == ("run.pcapng", False, list(again.differs))
    assert one["summary"]["three_way"] == "followed"
