"""The orchestrator: decides, reconciles and owns every change of a session's state."""
