"""MongoDB: one repository per aggregate, indexes, leases, the one transaction function."""
