"""What would change on the board and in the cluster if a tree of files were reconciled now. Writes nothing anywhere."""
