"""``--filter`` of `probe replay`: what each condition holds for, also after a trip to a worker."""

from __future__ import annotations

import pickle

import pytest

from probe.cli.options.filters import Filter, parse
from probe.results.connection import Close
from probe.spec.segment import Endpoint
from tests.reports.captured import broken, connection

SIXTH = connection(client=Endpoint("2001:db8::1", 443), close=Close.RESET_BY_SERVER, conn_state="RSTR")


@pytest.mark.parametrize(
    ("expressions", "holds"),
    [
        (["host=192.0.2.2"], (True, False)),
        (["host=[2001:DB8:0::1]"], (False, True)),
        (["port=80"], (True, True)),
        (["port=443", "state=rstr"], (False, True)),
        (["close=reset-by-server"], (False, True)),
        (["close=reset*"], (False, True)),
        (["close=four-way", "verdict=fail"], (True, False)),
        (["rule=close.*"], (True, False)),
        (["handshake=not seen"], (False, False)),
    ],
)
def test_filters(expressions: list[str], holds: tuple[bool, bool]) -> None:
    wanted = pickle.loads(pickle.dumps(parse(expressions)))  # noqa: S301  # as it reaches a worker
    assert isinstance(wanted, Filter)
    assert (wanted(broken()), wanted(SIXTH)) == holds
