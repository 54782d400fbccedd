"""What things are: frozen pydantic models, names and references. No database, no files, no network.

Import the noun's own module (``from bifrost_core.models.asset import Asset``): this package re-exports nothing,
so that a command loads only what it needs.
"""
