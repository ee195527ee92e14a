"""One sandbox for all tests of rooms, as a worker has one for all submissions."""

import pytest

from grader.isolation import require
from grader.judge.court import Court
from grader.sandbox import Limits
from grader.sandbox.launch import Sandbox
from tests.conftest import LEVEL

LIMITS = Limits(cell_seconds=1, output_mb=1, memory_mb=400, message_mb=8)


@pytest.fixture(scope="session")
def sandbox():
    with Sandbox(require(LEVEL), LIMITS) as opened:
        yield opened


@pytest.fixture
def room(sandbox):
    opened = sandbox.open({"data/numbers.csv": b"1,2\n"})
    yield opened
    opened.close()


@pytest.fixture
def court(room):
    return Court(room)
