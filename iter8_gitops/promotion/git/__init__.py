"""Commits without a checkout: objects are written to the repository first, and names are moved last.

So a promotion that fails, or loses a race, leaves nothing behind but objects that nobody refers to.
"""
