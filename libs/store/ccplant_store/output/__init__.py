"""The durable output stream."""
