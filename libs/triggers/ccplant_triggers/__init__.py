"""What webhooks and schedules decide: filters, templates and fire times; pure.

`verdict.judge` is the whole of what becomes of a delivery: `payloads` says what it is about, `filters` whether
it is meant, `templates` what the agent is told. Nothing here reads a clock, a file or a socket, and nothing
here can be made to work without bound by a payload or a template: that is asked by tests with counts, not with
seconds.
"""
