"""TIME-WAIT: what it acknowledges, what reopens it, and how long it lasts.

RFC 9293 sections 3.4.2, 3.6.1 and 3.10.7.4; RFC 1337, RFC 6191.
"""

FIRST = ("time_wait_fin",)
