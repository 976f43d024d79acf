"""What the commands show: tables of at most 100 columns, JSON, progress bars, the exit code."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from keii.model.report import SourceEntry
from keii.wording import Lang, language, say

WIDTH = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_MOST_SHOWN = 4_000  # characters of a cell or a sentence
_MOST_RUN = 300  # characters without a blank: a name, a path, an encoded command
_LONG_RUN = re.compile(rf"\S{{{_MOST_RUN + 1},}}")

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON for programs instead of a table.")
lang_option = click.option("--lang", type=click.Choice(["en", "ja"]), help="Language of the words; else the locale's.")
case_argument = click.argument("case", type=click.Path(exists=True, file_okay=False, path_type=Path))
paths_argument = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))


def console() -> Console:
    """Return the console for people, at most 100 columns wide."""
    shown = Console(highlight=False, soft_wrap=False)
    return Console(highlight=False, width=min(WIDTH, shown.width)) if shown.width > WIDTH else shown


def spoken(lang: str | None) -> Lang:
    """Return the language to speak."""
    return language(lang)


def safe(text: str) -> str:
    """Return text from evidence without control and direction characters, so that it cannot drive a terminal."""
    return _CONTROL.sub("\ufffd", text.replace("\t", " "))


def _bounded(text: str) -> str:
    """Return safe text that cannot flood a terminal; the JSON holds it whole."""
    text = _LONG_RUN.sub(lambda run: run[0][:_MOST_RUN] + "…", safe(text))
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; every cell is shown as plain text."""
    _print(
        Table(title=Text(title), title_justify="left", title_style="bold", show_edge=False, pad_edge=False),
        columns,
        rows,
    )


def ruled_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table whose cells hold several lines: a rule stands between the rows."""
    made = Table(title=Text(title), title_justify="left", title_style="bold", show_edge=False, show_lines=True)
    _print(made, columns, rows)


def _print(made: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    for name in columns:
        numeric = name.startswith("#")
        made.add_column(Text(name.lstrip("#")), justify="right" if numeric else "left", overflow="fold", no_wrap=False)
    for row in rows:
        made.add_row(*(Text(_bounded(str(cell))) for cell in row))
    console().print(made)


def words(text: str) -> None:
    """Print words for people."""
    console().print(Text(_bounded(text)))


def bullet(text: str, lang: Lang) -> None:
    """Print one point of a list; Japanese has no blank after the mark at which a line could break."""
    words(f"・{text}" if lang == "ja" else f"• {text}")


def told(key: str, lang: Lang, **facts: object) -> None:
    """Print a sentence of ``data/text``."""
    words(say(key, lang, facts))


def json_line(value: object) -> None:
    """Print one JSON object on a line of its own."""
    click.echo(msgspec.json.encode(value, enc_hook=_unknown).decode())


def json_lines(values: Iterable[object]) -> None:
    """Print JSON Lines."""
    for value in values:
        json_line(value)


def _unknown(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(type(value))


class Bars:
    """Progress on stderr: rate and time left; silent where stderr is no terminal."""

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task: TaskID | None = None
        self._name = ""
        self._done = 0
        self._since = 0.0

    def start(self, task: str, total: int) -> None:
        """Begin a task of ``total`` steps."""
        self._since, self._name, self._done = time.monotonic(), task, 0
        self._task = self._bars.add_task(task, total=total, rate="")

    def advance(self, n: int = 1) -> None:
        """Tell that ``n`` more steps are done."""
        if self._task is not None:
            self._done += n
            elapsed = max(time.monotonic() - self._since, 1e-3)
            self._bars.update(self._task, completed=self._done, rate=f"{self._done / elapsed:,.0f}/s")

    def finish(self) -> None:
        """End the task."""
        if self._task is not None:
            self._bars.stop_task(self._task)
            self._bars.remove_task(self._task)
            self._task = None

    def __call__(self, what: str, done: int, of: int) -> None:
        """Show ``done`` of ``of`` steps of ``what``."""
        if self._task is None or self._name != what:
            self.finish()
            self.start(what, of)
        if self._task is not None:
            self._bars.update(self._task, completed=done, total=of)


@contextmanager
def bars() -> Iterator[Bars]:
    """Give progress bars for the length of a command."""
    shown = Bars()
    with shown._bars:
        yield shown


def unread(sources: Iterable[SourceEntry], lang: Lang) -> list[str]:
    """Return a line for every source that could not be read, or not in full."""
    sources = list(sources)
    lines = [f"{s.name}: {s.error}" for s in sources if s.status in ("unreadable", "unknown")]
    return lines + [
        say("cli.skipped", lang, {"name": s.name, "count": f"{s.skipped:,}", "events": f"{s.events:,}",
                                  "reason": s.skips[0].reason if s.skips else ""})
        for s in sources if s.skipped or (s.skips and not s.events)
    ]  # fmt: skip


def incomplete(lines: Sequence[str], lang: Lang) -> int:
    """Say on stderr what could not be read and return exit code 1; 0 where nothing is missing."""
    if not lines:
        return 0
    click.echo(say("cli.incomplete", lang, {"count": len(lines)}), err=True)
    for line in lines[:10]:
        click.echo(f"  {_bounded(line)}", err=True)
    if len(lines) > 10:
        click.echo(say("cli.more", lang, {"count": len(lines) - 10}), err=True)
    return 1


Command = Callable[..., int | None]
