"""`diff`: what would change on the cluster and on the board if a tree or commit were reconciled now."""
