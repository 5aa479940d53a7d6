"""Answers to permission requests on their way to a runner."""
