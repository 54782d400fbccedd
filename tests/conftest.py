"""What all tests share: hypothesis profiles, an environment of their own, and no skips in a run of everything.

``BIFROST_AMS_TEST_EVERYTHING=1`` is how CI runs: more examples, the same ones each time, and a test that skips fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest
from hypothesis import HealthCheck, settings

EVERYTHING = os.environ.get("BIFROST_AMS_TEST_EVERYTHING", "") not in ("", "0")
TEST_PREFIX = "BIFROST_AMS_TEST_"

# No deadlines: a busy machine is no failure of the code.
settings.register_profile("dev", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), max_examples=300, derandomize=True, print_blob=True)
settings.load_profile("ci" if EVERYTHING else "dev")


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the settings and the library of whoever runs the tests out of them."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for variable in list(os.environ):
            if variable.startswith("BIFROST_AMS_") and not variable.startswith(TEST_PREFIX):
                patch.delenv(variable)
        patch.setenv("BIFROST_AMS_SETTINGS", str(home / "settings.toml"))
        patch.setenv("XDG_DATA_HOME", str(home / "data"))
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        yield


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def fixture_files(project_root: Path) -> Optional[Path]:
    """The folder of real production files beside the checkout, or None where there is none.

    ``BIFROST_AMS_TEST_FIXTURES`` names another one.
    """
    named = os.environ.get(TEST_PREFIX + "FIXTURES")
    folder = Path(named) if named else project_root.parent / "shared" / "fixtures"
    return folder if folder.is_dir() else None


def _fail_when_skipped(report: Any) -> None:
    if EVERYTHING and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"It may not be skipped in a run of everything: {report.longrepr}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn a skipped test into a failed one in a run of everything."""
    outcome = yield
    _fail_when_skipped(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Turn a skipped module into a failed one in a run of everything."""
    outcome = yield
    _fail_when_skipped(outcome.get_result())
