"""`python -m gateway` is `kanal`: how the supervisor starts its children."""

from gateway.cli import main

main()
