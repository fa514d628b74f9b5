"""Rewrites the expected outcomes of all channel samples: `python tests/golden.py`."""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Rewrite what differs and name it."""
    sys.path.insert(0, str(ROOT))
    spec = importlib.util.spec_from_file_location(
        "channel_samples", ROOT / "tests" / "contract" / "channel_samples.py"
    )
    if spec is None or spec.loader is None:
        raise SystemExit("tests/contract/channel_samples.py tidak ditemukan")
    suite = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(suite)
    for path in suite.rewrite():
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
