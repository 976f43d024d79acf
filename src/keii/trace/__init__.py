"""Trace: hosts, path, files, volume and silence, from the lake and the matches."""

from keii.trace.told import observed
from keii.trace.weave import TraceSettings, trace

__all__ = ["TraceSettings", "observed", "trace"]
