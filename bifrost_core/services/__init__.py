"""The use cases: each interface of ``operations`` implemented on a database and a blob store.

A method is one use case in one transaction. What it changes, its event and its search entry are committed together;
the manifests in the blob store follow at once (see ``manifests``).
"""
