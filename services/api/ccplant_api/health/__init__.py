"""Whether the gateway can serve, and how the parts behind it are doing."""
