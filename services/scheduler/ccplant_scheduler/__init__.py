"""The ccplant scheduler: one dispatch for each tick of a schedule."""
