"""Promotion: the winner becomes the primary by a commit. Edits of a Git tree, and pull requests that propose them."""
