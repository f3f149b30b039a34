"""`probe list` and `probe explain`: every id can be found, told and misspelt."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace

import pytest

from probe.cli.catalogue.sheets import DIFFERENCES
from probe.scenarios import ALL
from probe.spec.arrives import arrives
from probe.spec.reaction import PROFILES
from probe.spec.rows import ROWS
from probe.spec.rules import ALL as RULES
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.cli.conftest import Invoke

Captured = pytest.CaptureFixture[str]


def test_list_has_every_exchange(invoke: Invoke, capsys: Captured) -> None:
    assert invoke("list") == 0
    out = capsys.readouterr().out
    assert {line.split()[0] for line in out.splitlines() if line[:1].isalpha()} >= set(ALL)


def test_list_rules_has_every_rule_and_says_which_are_not_shown_yet(invoke: Invoke, capsys: Captured) -> None:
    assert invoke("list", "--rules") == 0
    out = capsys.readouterr().out
    rows = {line.split()[0]: line for line in out.splitlines() if line[:1].isalpha()}
    assert set(rows) >= set(RULES)
    assert " open, " in rows["open.listen-syn-synack"]
    assert "not yet" in out


def test_list_as_json(invoke: Invoke, capsys: Captured) -> None:
    assert invoke("list", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["command"], found["exit_code"]) == ("list", 0)
    assert [e["id"] for e in found["exchanges"]] == list(ALL)
    assert [r["id"] for r in found["rules"]] == list(RULES)


@pytest.mark.parametrize("name", [*ALL, *RULES, *ROWS])
def test_everything_can_be_explained(name: str, invoke: Invoke, capsys: Captured) -> None:
    assert invoke("explain", name) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{name}: ")
    assert max(map(len, out.splitlines())) <= 120


def test_an_exchange_is_told_as_a_dialogue(invoke: Invoke, capsys: Captured) -> None:
    invoke("explain", "close-by-peer")
    out = capsys.readouterr().out
    assert "tester > peer   <SEQ=SND.NXT, FIN,ACK" in out.replace("ACK=RCV.NXT, ", "")
    assert "(asks the application: close)" in out
    assert "waits for: FIN; its application decides" in out


def test_a_rule_names_what_is_due_and_where_it_is_shown(invoke: Invoke, capsys: Captured) -> None:
    invoke("explain", "close.fin-acked")
    out = capsys.readouterr().out
    for label in ("clause", "level", "stimulus", "permitted", "forbidden", "shown by"):
        assert f"\n  {label} " in out
    assert "close-by-us" in out


@pytest.mark.parametrize(
    ("name", "near"), [("close-by-uss", "close-by-us"), ("fin-acked", "close.fin-acked"), ("zzz", "probe list")]
)
def test_an_unknown_id_names_its_neighbours(name: str, near: str, invoke: Invoke, capsys: Captured) -> None:
    assert invoke("explain", name) == 2
    assert near in capsys.readouterr().err


@pytest.mark.parametrize("name", ["profile", "RFC793"])
def test_the_profiles_are_explained(name: str, invoke: Invoke, capsys: Captured) -> None:
    assert invoke("explain", name) == 0
    out = capsys.readouterr().out
    assert all(f"{profile}: " in out for profile in PROFILES)


def test_the_rows_said_to_differ_between_profiles_are_those_of_the_oracle() -> None:
    """Rows are named in the text by hand; the oracle marks them."""
    named = set(re.findall(r"\b[A-Z]\d+\b", " ".join(DIFFERENCES)))
    marked: set[str] = set()
    window = Tcb(
        State.ESTABLISHED,
        iss=Seq(0),
        snd_una=Seq(1),
        snd_nxt=Seq(1),
        irs=Seq(0),
        rcv_nxt=Seq(1),
        rcv_wnd=1000,
        max_snd_wnd=1000,
    )
    for state in (State.SYN_RECEIVED, State.ESTABLISHED, State.TIME_WAIT):
        over = state is State.TIME_WAIT
        tcb = replace(window, state=state, passive=state is State.SYN_RECEIVED, fin_received=over)
        for flags in (SYN, RST, ACK, FIN | ACK, SYN | ACK, RST | ACK):
            for seq, ack in itertools.product((0, 1, 500, 5000), (1, 0, -2000)):
                found = arrives(tcb, Segment(Seq(1) + seq - 1, Seq(1) + ack - 1, flags))
                marked |= {reaction.row for reaction in found if reaction.only}
    assert marked == named
