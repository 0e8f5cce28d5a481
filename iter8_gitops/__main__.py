"""`python -m iter8_gitops` is the same as `iter8-gitops`."""

from iter8_gitops.cli import main

main()
