"""What a client does in several steps: publish files, load files.

Only the operations' interfaces, the storage and the formats are used, so all of it works the same on an embedded
library and through a server.
"""
