"""The command line of Bifrost: ``bifrost``, or ``python -m bifrost_cli``."""
