"""``python -m keii`` is the command ``keii``."""

from __future__ import annotations

from keii.cli import main

if __name__ == "__main__":
    main()
