"""Reading a library's state back from documents: recovery from the store, and projects as archives."""
