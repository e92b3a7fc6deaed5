"""The pytest plugin, in test runs of its own: faults, reports, environment, and other plugins beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import systems

pytest_plugins = ["pytester"]

CREATE = 'name="orders", provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"}'
#: Other plugins, which this suite itself does not use.
OTHERS = ("asyncio", "anyio", "randomly", "socket")


def run(pytester: pytest.Pytester, test: str, *options: str, plugins: tuple[str, ...] = ()) -> pytest.RunResult:
    """Run a test file with our plugin and these."""
    pytester.makepyfile(test)
    off = [part for name in OTHERS if name not in plugins for part in ("-p", f"no:{name}")]
    return pytester.runpytest_subprocess("-q", "--strict-markers", "-p", "no:cacheprovider", *off, *options)


def test_a_fault_that_no_request_meets_fails_the_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest

        def test_met(atlas_emulator, atlas_client):
            atlas_emulator.fail_next("status", status=503, endpoint="flex")
            assert list(atlas_client.list_flex_clusters()) == []

        def test_unmet(atlas_emulator, atlas_client):
            atlas_emulator.fail_next("close", method="POST", name="orders")
            atlas_client.get_project(atlas_emulator.group_id)

        @pytest.mark.atlas(unmet_faults="allow")
        def test_allowed(atlas_emulator):
            atlas_emulator.fail_next("close")

        def test_failed_before(atlas_emulator):
            atlas_emulator.fail_next("close")
            assert "the first failure" == "counts"

        @pytest.mark.atlas(unmet="allow")
        def test_misspelt(atlas_emulator):
            pass
        """,
    )
    outcomes = result.parseoutcomes()
    assert outcomes == {"passed": 2, "failed": 3}
    result.stdout.fnmatch_lines(
        [
            "*test_unmet*",
            "no request has met this fault that the test ordered:",
            "  close method='POST' name='orders'",
            "*requests to the Atlas emulator*",
            "* 200 POST   /api/oauth/token",
            "* 200 GET    /api/atlas/v2/groups/*",
            "*test_failed_before*",
            "*requests to the Atlas emulator*",
            "  nothing",
        ]
    )
    report = result.stdout.str().partition("short test summary info")[0]  # under CI=1 the summary says it again
    assert report.count("no request has met") == 1
    assert "@pytest.mark.atlas takes auth and unmet_faults as keywords, not unmet" in result.stdout.str()


def test_the_option_of_the_configuration(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\natlas_unmet_faults = allow")
    result = run(
        pytester,
        """
        import pytest

        def test_unmet(atlas_emulator):
            atlas_emulator.fail_next("close")

        @pytest.mark.atlas(unmet_faults="error")
        def test_strict(atlas_emulator):
            atlas_emulator.fail_next("close")
        """,
    )
    assert result.parseoutcomes() == {"passed": 1, "failed": 1}


def test_every_client_of_a_test_reaches_the_emulator(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = "00000000-REAL-SECRETMARK"
    profile = systems.profile_file(tmp_path)
    profile.write_text(f'[work]\npublic_api_key = "real"\nprivate_api_key = "{secret}"\n')
    (systems.config_folder(tmp_path) / "other").write_text("kept")
    for name, value in systems.variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    # What leads to the folder of configurations, and where in what it names that folder is.
    variable, below = ("HOME", "Library/Application Support") if systems.MACOS else ("XDG_CONFIG_HOME", ".")
    monkeypatch.setenv("MONGODB_ATLAS_PUBLIC_API_KEY", "realkey")
    monkeypatch.setenv("MONGODB_ATLAS_PRIVATE_API_KEY", secret)
    monkeypatch.setenv("MCLI_PRIVATE_API_KEY", secret)
    monkeypatch.setenv("ATLAS_SERVERLESS_TOKEN_CACHE", "file")
    result = run(
        pytester,
        f"""
        import os, subprocess, sys, urllib.request
        from pathlib import Path

        import pytest

        from atlas_serverless import Client, errors

        def real():
            return [name for name, value in os.environ.items() if "SECRETMARK" in value]

        def test_in_it(atlas_environment, atlas_emulator):
            assert real() == []
            folder = Path(os.environ[{variable!r}]) / {below!r}
            assert "SECRETMARK" not in (folder / "atlascli/config.toml").read_text()
            assert (folder / "other").read_text() == "kept"
            with Client() as client:
                client.create_flex_cluster({CREATE}, wait=True)
                assert client.credentials.id == atlas_emulator.client_id
            with Client.from_profile("work") as client:
                assert [cluster["name"] for cluster in client.list_flex_clusters()] == ["orders"]
                assert client.credentials.id == atlas_emulator.client_id
            command = [sys.executable, "-m", "atlas_serverless", "flex", "get", "orders"]
            assert '"orders"' in subprocess.run(command, check=True, capture_output=True, text=True).stdout
            base, project = os.environ["MONGODB_ATLAS_BASE_URL"], os.environ["MONGODB_ATLAS_PROJECT_ID"]
            request = urllib.request.Request(
                f"{{base}}/api/atlas/v2/groups/{{project}}",
                headers={{
                    "Authorization": f"Bearer {{atlas_emulator.access_token}}",
                    "Accept": "application/vnd.atlas.2025-03-12+json",
                }},
            )
            with urllib.request.urlopen(request) as reply:
                assert reply.status == 200

        def test_production_is_out_of_reach(atlas_environment, atlas_emulator):
            real = Client(base_url="https://cloud.mongodb.com", access_token="x.y.z", max_retries=0)
            with real, pytest.raises(errors.ConnectError):
                real.get_project("32b6e34b3d91647abb20e7b8")
            with pytest.raises(OSError, match="403"):
                urllib.request.urlopen("https://cloud.mongodb.com/api/atlas/v2/groups")

        @pytest.mark.atlas(auth="api_key")
        def test_other_credentials(atlas_environment, atlas_client):
            assert Client().credentials.kind == "api_key"
            assert atlas_client.credentials.kind == "api_key"

        def test_after_it():
            assert len(real()) == 2
            assert os.environ["ATLAS_SERVERLESS_TOKEN_CACHE"] == "file"
            assert os.environ[{variable!r}] == {os.environ[variable]!r}
        """,
        "-W",
        "error",
    )
    assert result.parseoutcomes() == {"passed": 4}, result.stdout.str()
    assert os.environ["MCLI_PRIVATE_API_KEY"] == secret


def asynchronous(mark: str, backend: str | None = None) -> str:
    """A test that another plugin runs; anyio asks a fixture for its backend."""
    fixture = f"""
@pytest.fixture
def anyio_backend():
    return {backend!r}
"""
    return f"""
import pytest
{fixture if backend else ""}
@pytest.mark.{mark}
async def test_async(async_atlas_client, atlas_emulator):
    cluster = await async_atlas_client.create_flex_cluster({CREATE}, wait=True)
    assert cluster["stateName"] == "IDLE"
    assert [found["name"] async for found in async_atlas_client.list_flex_clusters()] == ["orders"]
"""


@pytest.mark.parametrize("beside", [(), ("randomly",), ("socket",)])
def test_pytest_asyncio_and_anyio(pytester: pytest.Pytester, beside: tuple[str, ...]) -> None:
    socket = ("--disable-socket", "--allow-unix-socket") if "socket" in beside else ()
    for plugin, backend in [("asyncio", None), ("anyio", "asyncio")]:
        scope = ("-o", "asyncio_default_fixture_loop_scope=function") if plugin == "asyncio" else ()
        options = (*socket, *scope)
        result = run(pytester, asynchronous(plugin, backend), "-W", "error", *options, plugins=(plugin, *beside))
        assert result.parseoutcomes() == {"passed": 1}, result.stdout.str()


def test_trio_is_told_that_it_needs_asyncio(pytester: pytest.Pytester) -> None:
    result = run(pytester, asynchronous("anyio", "trio"), plugins=("anyio",))
    assert result.parseoutcomes() == {"failed": 1}
    assert "AsyncClient runs in asyncio, not in trio" in result.stdout.str()


def test_workers_of_xdist_have_an_emulator_each(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        f"""
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_it(atlas_client, atlas_emulator, number):
            atlas_client.create_flex_cluster({CREATE})
            assert len(atlas_emulator.instances()) == 1

        def test_reported(atlas_emulator, atlas_client):
            atlas_client.get_project(atlas_emulator.group_id)
            assert False
        """,
        "-n",
        "2",
    )
    assert result.parseoutcomes() == {"passed": 6, "failed": 1}
    result.stdout.fnmatch_lines(["*requests to the Atlas emulator*", "* 200 GET    /api/atlas/v2/groups/*"])


def test_the_examples_of_the_page_pass(pytester: pytest.Pytester) -> None:
    page = (Path(__file__).parents[2] / "docs/testing.md").read_text(encoding="utf-8")
    blocks = [block.partition("```")[0] for block in page.split("```python\n")[1:]]
    [fixtures] = [block for block in blocks if "import pytest" in block]
    [unittest] = [block for block in blocks if "import unittest" in block]
    pytester.makepyfile(test_unittest=unittest)
    scope = "asyncio_default_fixture_loop_scope=function"
    result = run(pytester, fixtures, "-W", "error", "-o", scope, plugins=("asyncio",))
    assert result.parseoutcomes() == {"passed": 6}, result.stdout.str()
