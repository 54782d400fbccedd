"""Looking after a library: verification, clean-up and health; ``services.upkeep`` is the door."""
