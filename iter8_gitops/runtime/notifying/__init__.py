"""Notifiers: what there is to tell, to whom, and its delivery in the background.

Nothing here ever waits for a receiver except the thread of its own notifier, and nothing shows a secret.
"""
