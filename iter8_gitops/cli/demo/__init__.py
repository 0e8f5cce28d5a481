"""`iter8-gitops demo`: the whole story of a candidate model, played with real commits and real clients."""
