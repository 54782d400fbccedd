"""Where bytes are kept: the BlobStore port, one file per backend, and views that show versions as a readable tree.

Nothing here knows what a version is, and nothing here names SQLAlchemy.
"""
