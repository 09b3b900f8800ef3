"""Makes the modules of the harness importable by their names, as they are for `python tests/fuzz/run.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
