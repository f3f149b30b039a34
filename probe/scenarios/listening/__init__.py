"""Segments that belong to no connection: at a closed port, and in LISTEN.

RFC 9293 sections 3.5.2, 3.10.7.1 and 3.10.7.2.
"""

FIRST = ("refused",)
