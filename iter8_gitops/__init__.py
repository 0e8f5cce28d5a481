"""iter8-gitops: try new versions of a model or service on real users, declared in Git."""

__version__ = "0.1.0"
