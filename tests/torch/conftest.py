import sys
from pathlib import Path

# Helpers of these tests are modules beside them and in tests/engine.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "engine")]
