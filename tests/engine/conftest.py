import sys
from pathlib import Path

# Helpers of these tests are modules beside them.
sys.path.insert(0, str(Path(__file__).parent))
