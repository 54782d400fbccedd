"""The core of Bifrost: models, operations, database, storage and services.

It knows no DCC, no Qt, no web framework and no command line. The front door is
:func:`bifrost_core.bootstrap.connect`.
"""

__version__ = "0.1.0"
