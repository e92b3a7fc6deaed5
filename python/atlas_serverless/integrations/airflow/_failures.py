"""Which errors a retry of the task cannot cure, decided here alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from atlas_serverless import _core, errors

from ._airflow import AirflowFailException


def is_final(error: BaseException | None) -> bool:
    """Whether the same task would fail in the same way for ever: an invalid request, refused credentials, no means of
    payment, a name that something else has, an endpoint that is gone. Everything else is left to Airflow's retries."""
    if isinstance(error, errors.AuthenticationError):
        # Without a status: a challenge that cannot be answered. 429 and 5xx are the token endpoint's bad moments.
        return error.status is None or (400 <= error.status < 500 and not _core.is_transient(error.status))
    if isinstance(error, errors.WaitError):
        return is_final(error.__cause__)  # what ended the wait, if it was an error for good
    return isinstance(
        error,
        (
            errors.ConfigurationError,
            errors.ValidationError,
            errors.UnauthorizedError,
            errors.PaymentRequiredError,
            errors.ForbiddenError,
            errors.DuplicateClusterName,
            errors.DuplicateClusterNamePrefix,
            errors.GoneError,
        ),
    )


@contextmanager
def final_failures() -> Iterator[None]:
    """Raises AirflowFailException, which Airflow does not retry, in the place of an error that is final."""
    try:
        yield
    except errors.AtlasError as error:
        if not is_final(error):
            raise
        raise AirflowFailException(f"{type(error).__name__}: {error}") from error
