"""Tests of code that uses Atlas: `mock_atlas`, for unittest and plain functions. pytest has fixtures of its own.

from atlas_serverless.testing import mock_atlas

@mock_atlas
def test_orders(emulator):
    my_code_that_creates_clusters()  # Client(), requests, a subprocess, the Atlas CLI: all reach the emulator
    assert [instance["name"] for instance in emulator.instances()] == ["orders"]
"""

from __future__ import annotations

import functools
import inspect
import sys
import unittest
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from atlas_serverless.emulator import Emulator

from ._environment import environment
from ._report import UnmetFaultsError, check_faults, requests_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from atlas_serverless.emulator import Auth

    T = TypeVar("T", bound="Callable[..., Any] | type[Any]")

__all__ = ["FOR_TESTS", "MockAtlas", "UnmetFaultsError", "environment", "mock_atlas"]

#: Options of an emulator for tests. Many tests make many clients, which together would exceed the token limits.
FOR_TESTS: dict[str, Any] = {"provisioning_seconds": 0.05, "token_requests_per_minute": None, "live_tokens": None}


class MockAtlas:
    """What :func:`mock_atlas` returns: a context manager that gives the emulator, and a decorator."""

    def __init__(self, *, auth: Auth, unmet_faults: str, passthrough: Sequence[str], options: dict[str, Any]) -> None:
        if unmet_faults not in ("error", "allow"):
            raise ValueError(f'unmet_faults is "error" or "allow", not {unmet_faults!r}')
        self._auth: Auth = auth
        self._unmet_faults = unmet_faults
        self._passthrough = passthrough
        self._options = options
        self._running: list[tuple[Emulator, ExitStack]] = []

    def __enter__(self) -> Emulator:
        with ExitStack() as stack:
            emulator = stack.enter_context(Emulator(**{**FOR_TESTS, **self._options}))
            stack.enter_context(environment(emulator, self._auth, passthrough=self._passthrough))
            self._running.append((emulator, stack.pop_all()))
        return emulator

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        emulator, stack = self._running.pop()
        with stack:
            if error is None and self._unmet_faults == "error":
                check_faults(emulator)
            elif error is not None and sys.version_info >= (3, 11):
                error.add_note(f"The emulator was asked:\n{requests_text(emulator)}")

    def __call__(self, target: T) -> T:
        """Every run of the function, or of each test of the class, has an emulator of its own."""
        if isinstance(target, type):
            return cast("T", self._class(target))
        return cast("T", self._function(target))

    def _function(self, function: Any) -> Any:
        wants = "emulator" in inspect.signature(function).parameters

        def arguments(emulator: Emulator, given: dict[str, Any]) -> dict[str, Any]:
            return {**given, "emulator": emulator} if wants else given

        @functools.wraps(function)
        async def coroutine(*args: Any, **given: Any) -> Any:
            with self as emulator:
                return await function(*args, **arguments(emulator, given))

        @functools.wraps(function)
        def plain(*args: Any, **given: Any) -> Any:
            with self as emulator:
                return function(*args, **arguments(emulator, given))

        run: Any = coroutine if inspect.iscoroutinefunction(function) else plain
        if wants:  # pytest would look for a fixture of that name
            signature = inspect.signature(function)
            others = [value for name, value in signature.parameters.items() if name != "emulator"]
            run.__signature__ = signature.replace(parameters=others)
        return run

    def _class(self, cls: type[Any]) -> type[Any]:
        if issubclass(cls, unittest.TestCase):
            set_up = cls.setUp

            @functools.wraps(set_up)
            def with_emulator(case: Any) -> None:
                case.emulator = self.__enter__()
                case.addCleanup(self._end_of_case, case)
                set_up(case)

            setattr(cls, "setUp", with_emulator)  # noqa: B010
            return cls
        for name, value in list(vars(cls).items()):
            if name.startswith("test") and inspect.isfunction(value):
                setattr(cls, name, self._function(value))
        return cls

    def _end_of_case(self, case: Any) -> None:
        """A test that has failed already is not blamed for faults that it did not come to."""
        succeeded = getattr(getattr(case, "_outcome", None), "success", True)
        emulator, stack = self._running.pop()
        with stack:
            if succeeded and self._unmet_faults == "error":
                check_faults(emulator)


@overload
def mock_atlas(target: T, /) -> T: ...


@overload
def mock_atlas(
    *,
    auth: Auth = "service_account",
    unmet_faults: str = "error",
    passthrough: Sequence[str] = (),
    **options: Any,
) -> MockAtlas: ...


def mock_atlas(
    target: Any = None,
    /,
    *,
    auth: Auth = "service_account",
    unmet_faults: str = "error",
    passthrough: Sequence[str] = (),
    **options: Any,
) -> Any:
    """An emulator that every client of Atlas reaches, for the length of a test: a decorator of functions, coroutine
    functions and classes, with or without arguments, and a context manager.

    A function with a parameter `emulator` gets the :class:`~atlas_serverless.Emulator`, a `unittest.TestCase` has it as
    `self.emulator`, `with mock_atlas() as emulator:` gives it.

    Args:
        auth: Which credentials the environment has: ``"service_account"``, ``"api_key"`` or ``"access_token"``.
        unmet_faults: ``"error"``: a fault that was ordered and that no request has met fails the test; or ``"allow"``.
        passthrough: Hosts that clients may reach over https beside the emulator, as `NO_PROXY` takes them.
        options: Those of :class:`~atlas_serverless.Emulator`.
    """
    mock = MockAtlas(auth=auth, unmet_faults=unmet_faults, passthrough=passthrough, options=options)
    return mock if target is None else mock(target)
