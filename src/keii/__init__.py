"""keii (経緯) reconstructs how a breach unfolded and ties every sentence about it to evidence."""

__version__ = "0.1.0"
