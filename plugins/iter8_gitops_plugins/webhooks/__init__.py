"""Posts JSON to addresses that people configure, for notifiers.

An address may be a secret by itself, and so may a header. Nothing in here says more of either than scheme and host:
not in messages, not in exceptions (also not in those that they came from), not in the logs of the HTTP library.
"""
