import sys
from pathlib import Path

# Helpers of these tests are modules beside them and in tests/engine.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "engine")]


def pytest_terminal_summary(terminalreporter):
    """How much agrees, part by part."""
    counts = {}
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            part = report.nodeid.split("[")[0]
            row = counts.setdefault(part, [0, 0])
            row[0] += outcome == "passed"
            row[1] += 1
    terminalreporter.section("agreement with torch")
    for part, (good, total) in counts.items():
        terminalreporter.write_line(f"{good:4} of {total:4}  {part}")
    session = sys.modules.get("torch_session")
    for name, (same, total) in getattr(session, "COUNTS", {}).items():
        terminalreporter.write_line(f"{same:4} of {total:4}  interactions of the session, {name}")
