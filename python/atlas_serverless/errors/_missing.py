"""A wait for what is not there: a class of two branches, of which one is created on first access."""

from __future__ import annotations

from atlas_serverless import errors

from ._base import WaitFailedError


class WaitNotFoundError(WaitFailedError, errors.ClusterNotFound):
    """Nothing has the name that was waited for: a ClusterNotFound, as a get would have raised.

    The message has the nearest names that there are. `status`, `error_code` and `detail` are those of the reply that
    said so last; `__cause__` is that error. After `wait=True` on a create, `result` is the reply to the create.
    """
