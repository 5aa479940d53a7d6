"""Sessions: create, list, show, change, end, recreate, and look into them."""
