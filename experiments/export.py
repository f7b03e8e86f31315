"""`ann export` from a checkout: python -m experiments.export --help explains it."""

from ann.commands import export
from ann.commands.run import run

if __name__ == "__main__":
    run(export)
