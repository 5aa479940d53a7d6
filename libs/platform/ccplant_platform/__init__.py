"""What every service needs to be a service: settings, logging, bus, health, clock, fault points."""
