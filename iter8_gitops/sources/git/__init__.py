"""A source that reads a Git repository, straight from its objects: nothing is ever checked out."""
