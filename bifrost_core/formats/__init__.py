"""What files are: their kinds, the sequences that they form, and the files that they need by relative path.

Nothing here opens a library or a store; only the standard library and, for ranges of frames, fileseq are used.
"""
