"""`analyze`: who is ahead, and how sure that is."""
