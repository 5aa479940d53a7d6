"""Sessions as Pods: one Pod, one Secret and optionally one volume claim for each launch."""
