"""Text and acknowledgments in, beside and outside the window of an established connection, and a closed window.

RFC 9293 sections 3.4, 3.8.6, 3.10.7.4 first, fifth and seventh.
"""
