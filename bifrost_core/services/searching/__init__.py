"""What the search is made of: the index, the terms in it, the query language, and how both meet."""
