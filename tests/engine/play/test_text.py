"""Where an application bears no other text, every octet of ours stands where its own protocol would have it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe import scenarios
from probe.scenarios.steps import MORE, WORD
from probe.scenarios.triggers import ANY, NONE, WORDS
from tests.helpers.dialogue import Dialogue
from tests.helpers.peer import Peer


@pytest.mark.parametrize("word", WORDS.values(), ids=list(WORDS))
@pytest.mark.parametrize(
    "name", ["full-segments", "data-again", "data-overlapping", "data-out-of-order", "syn-data", "ack-with-data"]
)
def test_text_follows_the_word_wherever_it_stands(name: str, word: bytes) -> None:
    record = Dialogue(scenarios.ALL[name], Peer(), replace(NONE, word=word)).run().transcript
    ours = [e.segment for _, e in record.seen() if e.to_peer]
    first = next(s for s in reversed(ours) if "S" in s.text()[:3]).seq + 1
    spoken = [s for s in ours if s.payload]
    assert spoken
    for segment in spoken:
        place = segment.seq + ("S" in segment.text()[:3]) - first
        assert segment.payload == word[place : place + segment.length]


def test_what_any_server_is_sent_is_what_the_exchanges_say() -> None:
    assert WORDS[ANY].startswith(WORD + MORE)
