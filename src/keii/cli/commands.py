"""The commands in the order in which help lists them."""

from __future__ import annotations

import click

from keii.cli.case_commands import add, new, run, verify
from keii.cli.document_commands import check_statement, claims, compare, sources
from keii.cli.host_commands import beacons_command, hosts_command
from keii.cli.hypothesis_commands import hypotheses
from keii.cli.intel_commands import indicators
from keii.cli.log_commands import coverage, files_command, hunt_command, trace_command
from keii.cli.made_commands import demo, report_command, simulate
from keii.cli.rule_commands import sigma
from keii.cli.search_commands import search_command
from keii.cli.time_commands import chronology

COMMANDS: tuple[click.Command, ...] = (
    demo,
    new,
    add,
    run,
    indicators,
    hunt_command,
    search_command,
    sigma,
    trace_command,
    hosts_command,
    beacons_command,
    coverage,
    files_command,
    sources,
    chronology,
    claims,
    compare,
    check_statement,
    hypotheses,
    report_command,
    verify,
    simulate,
)
