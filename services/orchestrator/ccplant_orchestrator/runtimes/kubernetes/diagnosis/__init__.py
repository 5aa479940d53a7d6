"""Says why a session's Pod does not run, and why it ended, from what the cluster's objects show (D1, D2).

Pure functions over raw JSON: they call nobody, never raise whatever the objects look like, and claim no more than the
objects show.
"""

from ccplant_orchestrator.runtimes.kubernetes.diagnosis.exits import read_exit
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.refusals import diagnose_refusal
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.start import diagnose_start

__all__ = ["diagnose_refusal", "diagnose_start", "read_exit"]
