"""Why a promotion or a rollback is not done."""

from __future__ import annotations

from iter8_gitops.errors import Iter8Error


class PromotionRefusedError(Iter8Error):
    """It cannot be done safely; the message says why, and what a person can do by hand. Nothing was changed."""


class MovedOnError(Exception):
    """Somebody else pushed in the meantime, so that the edit must be made on another commit."""
