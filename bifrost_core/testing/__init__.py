"""Contract suites that are shipped: whoever writes a backend binds its suite and knows that it keeps the promises.

They need pytest, which is installed with ``bifrost-ams[test]``.
"""
