"""The command line. `main` is the console script `lockgate`."""

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Runs the command that `sys.argv` names and ends the process with its exit code."""
    from lockgate.cli.app import app

    try:
        app(prog_name="lockgate")
    finally:
        # What is still buffered would otherwise complain at exit when the reader (`| head`) is gone.
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
