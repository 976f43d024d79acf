"""Simulate: a made breach with its truth, for the demo, the tests and the benchmarks."""
