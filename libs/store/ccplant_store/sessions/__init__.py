"""Sessions: the document, the compare-and-set, lists, and what the reconciler has to look at."""
