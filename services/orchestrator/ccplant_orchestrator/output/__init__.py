"""What runners say, on its way into MongoDB."""
