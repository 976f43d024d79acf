"""The command line: one file per command, no logic of its own.

Exit codes: 0 done; 1 done, with something unreadable or incomplete, said on stderr; 2 could not run.
"""

from __future__ import annotations

import sys

import click
import duckdb

from keii import __version__
from keii.cli.commands import COMMANDS
from keii.errors import KeiiError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="keii")
def keii() -> None:
    """Reconstruct how a breach unfolded, and tie every sentence about it to evidence."""


for command in COMMANDS:
    keii.add_command(command)


def main() -> None:
    """Run keii; an error of ours is one sentence on stderr and exit code 2, never a traceback."""
    try:
        status = keii.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.exceptions.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        click.echo("stopped; what was done is kept, the next run goes on", err=True)
        sys.exit(130)
    except KeiiError as error:
        click.echo(f"keii: {error}", err=True)
        sys.exit(2)
    except (MemoryError, duckdb.OutOfMemoryException) as error:
        told = " ".join(str(error).split())[:200] or type(error).__name__
        click.echo(f"keii: not enough memory; what was done is kept, the next run goes on ({told})", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # a disk or a permission that refuses: which file and why, nothing more
        click.echo(f"keii: {error.filename or 'the disk'}: {error.strerror or error}", err=True)
        sys.exit(2)
    sys.exit(status if isinstance(status, int) else 0)
