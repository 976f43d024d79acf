"""Hunt: indicators, patterns and rules over the lake."""

from keii.hunt.hunting import Hunted, hunt

__all__ = ["Hunted", "hunt"]
