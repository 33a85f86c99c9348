"""The command `handgrad`: a network worked through as on the blackboard; by default, the lecture's.

`report` computes everything as one dict, which `--json` prints as it is; `text` writes it for a
reader, `document` in LaTeX, `pictures` draws it. `handgrad sheet` and `handgrad mark` are for a
class: `sheets`.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence

from autograd import DomainError
from autograd.files import write_whole
from nn.command.latex import document
from nn.command.options import arguments, parser
from nn.command.results import data, marks, report
from nn.command.text import page, put


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    try:
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # for the flush when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(words: Sequence[str]) -> int:
    if words and words[0] in ("sheet", "mark"):
        from nn.command import sheets  # which takes longer to load than a report

        return sheets.run(words[0], words[1:])
    p = parser()
    options = p.parse_args(arguments(words))
    try:
        return _report(options) if options.check is None else _marks(options)
    except (argparse.ArgumentTypeError, DomainError) as error:
        p.error(str(error))


def _marks(options: argparse.Namespace) -> int:
    marked = marks(options)
    put(json.dumps(marked.to_dict(), indent=2) if options.json else str(marked))
    return 0 if marked else 1


def _report(options: argparse.Namespace) -> int:
    r = report(options)
    if options.latex is not None:
        try:
            write_whole(options.latex, document(r, options.digits or 9))
        except OSError as error:
            problem = f"--latex: {options.latex!r} cannot be written: {error.strerror}"
            raise argparse.ArgumentTypeError(problem) from None
    bold = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    put(json.dumps(r, indent=2, default=data) if options.json else page(r, options, bold))
    return 0
