"""Where failure_of is looked for: it stands in base, so that subjects can use it too."""

from gradcheck.base.failures import failure_of

__all__ = ["failure_of"]
