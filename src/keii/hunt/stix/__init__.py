"""STIX patterns over the events of the lake, host by host."""
