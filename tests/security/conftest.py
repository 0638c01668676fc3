import measure
from fleet_fixtures import started  # noqa: F401


def pytest_terminal_summary(terminalreporter):
    for line in measure.lines:
        terminalreporter.write_line(f"measured: {line}")
