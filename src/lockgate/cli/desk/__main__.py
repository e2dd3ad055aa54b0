"""`python -m lockgate.cli.desk`."""

import typer

from lockgate.cli.desk.command import demo

if __name__ == "__main__":
    typer.run(demo)
