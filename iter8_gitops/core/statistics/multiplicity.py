"""How much error each of several comparisons may make, so that all together make no more than promised.

Bonferroni's split: with K versions, K - 1 are compared with the primary, and each gets alpha/(K - 1); success metrics
share that, because one of them is enough to win. Guardrails do not: every one of them must hold, which only
makes a false winner rarer (an intersection-union test; Berger, "Multiparameter Hypothesis Testing and Acceptance
Sampling", Technometrics 24(4), 1982).
"""

from __future__ import annotations


def split_alpha(alpha: float, versions: int, metrics: int = 1) -> float:
    """alpha/((K - 1) m) for K versions, and m metrics any of which may decide."""
    return alpha / (max(versions - 1, 1) * max(metrics, 1))
