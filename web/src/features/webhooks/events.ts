/** GitHub's events that start something useful, each with the actions that it has; others can be written by their names. */
export const EVENTS: Readonly<Record<string, readonly string[]>> = {
  pull_request: ["opened", "synchronize", "reopened", "ready_for_review", "labeled", "closed"],
  issue_comment: ["created", "edited"],
  issues: ["opened", "labeled", "assigned", "reopened", "closed"],
  push: [],
  pull_request_review: ["submitted", "edited", "dismissed"],
  pull_request_review_comment: ["created", "edited"],
  workflow_run: ["completed", "requested", "in_progress"],
  check_run: ["completed", "created", "rerequested"],
  check_suite: ["completed", "requested", "rerequested"],
  release: ["published", "released", "created"],
  discussion: ["created", "answered", "labeled"],
  discussion_comment: ["created", "edited"],
  create: [],
  delete: [],
};

/** Those that most begin with. */
export const FIRST = ["pull_request", "issue_comment", "issues", "push"];

/** What GitHub calls an event. */
export const EVENT_NAME = /^[a-z][a-z0-9_]{0,63}$/;
