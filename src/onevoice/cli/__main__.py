"""`python -m onevoice.cli`, which is how the supervisor starts its children."""

from onevoice.cli import main

main()
