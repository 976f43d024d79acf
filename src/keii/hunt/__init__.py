"""Hunt: indicators, patterns and rules over the lake."""
