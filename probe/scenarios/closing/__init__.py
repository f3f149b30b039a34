"""The four-segment close by either side, its shorter forms, and what comes too early, too late or twice meanwhile.

RFC 9293 sections 3.6 and 3.10.7.4, Figures 12 and 13.
"""

FIRST = (
    "close_by_us",
    "close_by_us_four",
    "close_by_peer",
    "close_by_peer_merged",
    "half_close",
    "half_close_by_peer",
    "simultaneous_close",
)
