"""Editing YAML and JSON such that nothing moves but what must. Text goes in, text comes out; no I/O here.

A round trip through a library that keeps comments would still fold lines, move indentation and spaces, and touch
documents that nobody asked for. So values are replaced where they are written, and every edit is read again and
compared with what was wanted before it counts.
"""
