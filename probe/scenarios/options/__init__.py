"""Options on SYNs and on other segments: MSS, window scale, timestamps, unknown and illegal ones.

RFC 9293 sections 3.1, 3.2 and 3.7.1; RFC 7323.
"""
