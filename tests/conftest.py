"""For all suites: strict logs, and an end line for each suite that a missing program kept back.

A skip whose reason names what to do (`apt-get ...`, `make kafka`, ../shared/oracles) is such a
suite. It is said in one line at the end; with CI=true it is a failure.
"""

import os
import re
import sys
from collections import defaultdict
from collections.abc import Generator, Iterator

import pytest
import structlog

from core import log

_COMMAND = re.compile(r"\bapt-get install\b|\bmake kafka\b|\.\./shared/oracles")
_kept_back: dict[str, set[str]] = defaultdict(set)


def pytest_configure() -> None:
    """Make a log field that is not on the allow-list an error."""
    log.configure(strict=True, json=True)
    # The stream of the moment, so that capsys sees what a test makes Kanal say.
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


@pytest.fixture(autouse=True)
def _log_as_configured() -> Iterator[None]:
    """Undo what a test sets up for itself."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _judge(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _judge(report)
    return report


def _judge(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not report.skipped or not isinstance(report.longrepr, tuple):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if _COMMAND.search(reason):
        _kept_back[reason].add(report.nodeid)
        if os.environ.get("CI") == "true":
            report.outcome = "failed"
            report.longrepr = f"{report.nodeid}: {reason}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason, tests in sorted(_kept_back.items()):
        files = ", ".join(sorted({test.partition("::")[0] for test in tests}))
        terminalreporter.write_line(f"Tidak dijalankan: {files} ({len(tests)}). {reason}")
