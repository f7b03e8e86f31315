"""`ann train` from a checkout: python -m experiments.train --help explains it."""

from ann.commands import train
from ann.commands.run import run

if __name__ == "__main__":
    run(train)
