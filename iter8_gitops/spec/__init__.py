"""Frozen values that the rest of the project speaks in, and the decoding of documents into them.

No I/O here: text comes in, values or problems go out.
"""
