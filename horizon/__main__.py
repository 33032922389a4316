"""`python -m horizon` is the command `horizon`."""

from horizon.cli import main

main()
