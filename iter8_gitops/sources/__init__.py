"""Sources of routemaps: each delivers complete trees of files with their revision, never deltas."""
