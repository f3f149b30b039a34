"""`probe explain profile`: the three readings, and where in SEGMENT ARRIVES they differ."""

from __future__ import annotations

from probe.spec.reaction import PROFILES

TOPICS = ("profile", "profiles", *PROFILES)
MEANING = {
    "rfc9293": "the default; both readings: RFC 9293 takes the mitigations of RFC 5961 in as SHOULD and MAY, so a stack"
    " with them conforms and so does one without",
    "rfc793": "the classic reading: the mitigations are departures. For a stack that is meant to be without them; one"
    " that has them, as Linux does, is found to depart",
    "rfc5961": "the mitigations required: the classic reactions are departures. For a stack that claims RFC 5961",
}
DIFFERENCES = (
    "a SYN in the window, synchronized states (F6): RFC 5961 a challenge ACK and nothing else; classic a RST, and the"
    " connection is gone",
    "a RST in the window that is not exactly at RCV.NXT (F5, R5, T11): RFC 5961 a challenge ACK; classic the"
    " connection is gone",
    "an ACK older than SND.UNA - MAX.SND.WND (F8, R8): RFC 5961 an ACK, and the segment is dropped; classic no such"
    " test. Optional (MAY-12), so rfc5961 does not insist on it",
    "a SYN in the window in TIME-WAIT (T1): a RST is classic only",
)
MIXED = (
    "a peer that needs one reading in some exchanges and the other in others conforms to rfc9293, and the report says"
    " so: `readings  mixed`, in JSON `mixed`, with the exchanges on either side"
)
LEVELS = "a finding keeps the level of its rule in RFC 9293, whatever the profile: a SHOULD stays a warning"


def sections() -> list[tuple[str, list[str]]]:
    """Labelled paragraphs."""
    meant = [f"{name}: {MEANING[name]}" for name in PROFILES]
    return [("profiles", meant), ("differ in", list(DIFFERENCES)), ("mixed", [MIXED]), ("levels", [LEVELS])]
