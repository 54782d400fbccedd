"""What Bifrost can do: each operation declared once, in an interface per noun.

An interface's method carries its verb, path and permission; its signature is its schema and its docstring its
documentation. Services implement the interfaces on a database; clients are made from them for any transport.
Nothing here knows SQLAlchemy, HTTP or a process.
"""
