"""Numbers given out for whole arrays are the same as a dictionary would give out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from probe.capture.tables import Addresses, KeyTable

KEYS = st.lists(st.one_of(st.integers(0, 20), st.integers(0, 2**64 - 1)), max_size=200)


@given(st.lists(KEYS, max_size=6))
def test_a_key_keeps_its_number_and_no_two_share_one(rounds: list[list[int]]) -> None:
    table, known = KeyTable(room=4), dict[int, int]()
    for keys in rounds:
        numbers = table.numbers(np.array(keys, np.uint64)).tolist()
        for key in sorted(set(keys) - known.keys()):
            known[key] = len(known)
        assert numbers == [known[key] for key in keys]
    assert len(table) == len(known)
    assert [table.key(number) for number in range(len(table))] == list(known)


def test_a_renewed_table_knows_the_open_flows_and_no_others() -> None:
    addresses, rng = Addresses(), np.random.default_rng(1)
    ports = rng.integers(0, 65536, (2, 300), np.uint64)
    four = addresses.flows4(*rng.integers(0, 2**32, (2, 300), np.uint64), *ports)[0]
    upper, lower = rng.integers(0, 5, (2, 300), np.uint64), rng.integers(0, 2**64, (2, 300), np.uint64)
    six = addresses.flows6((upper[0], lower[0]), (upper[1], lower[1]), *ports)[0]
    still_open = np.concatenate((four[::7], six[::5]))
    new = Addresses()
    keys = addresses.moved(still_open, new)
    assert len(new) == len(set(still_open.tolist())) < len(addresses)
    assert [new.ends(key) for key in keys.tolist()] == [addresses.ends(key) for key in still_open.tolist()]


def test_a_flood_of_new_keys_is_taken_in() -> None:
    table, rng = KeyTable(), np.random.default_rng(1)
    for _ in range(5):
        keys = rng.integers(0, 2**64, 50_000, np.uint64)
        numbers = table.numbers(keys)
        assert [table.key(int(number)) for number in numbers[:100]] == keys[:100].tolist()
    assert len(table) == 250_000
