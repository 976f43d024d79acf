"""Benchmarks: keii beside a named alternative in the same run, each in a process of its own."""
