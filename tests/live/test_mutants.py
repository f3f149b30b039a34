"""Mutants behind a TUN device: a check finds on a packet path what the dialogue in process finds."""

from __future__ import annotations

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import Verdict
from tests.helpers.breadth import met
from tests.mutants.bugs import BUGS
from tests.mutants.score import Word, checked, score
from tests.mutants.table import mutants
from tests.zoo.traits import Traits
from tests.zoo.tun import serving

ELSEWHERE = {"C2", "E5", "F9", "W4", "W5"}
"""Rows of a closed port, those whose bug the matrix alone finds, and two whose bug does not show every time: its FIN
again and our answers cross in either order."""
FOUND = {
    m.id: m for m in mutants(checked()) if m.place.is_row and m.place.where not in ELSEWHERE and m.id in BUGS.values()
}
"""Of rows: calls and timers are the zoo's own."""


@pytest.mark.parametrize("name", met(FOUND, tuple(FOUND)[::4]))
def test_what_is_found_in_process_is_found_on_a_packet_path(name: str) -> None:
    found = score(FOUND[name])
    with serving(Traits(reply=FOUND[name].acting())) as endpoints:
        run = check(endpoints[4], CheckOptions(only=(found.exchange,)))
    told = {e.id: (e.verdict, e.reason, {f.rule for f in e.findings}) for e in run.exchanges}
    verdict, _, rules = told[found.exchange]
    assert verdict in {Verdict.FAIL, Verdict.WARN}, told
    assert found.word is Word.OTHER or rules & set(found.rules), told
