"""One shape for every refusal, whoever refuses."""
