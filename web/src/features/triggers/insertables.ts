/** What can be put into a template of a webhook: values that its events have, filters, statements; pure. */
export interface Insertable {
  shown: string;
  text: string;
  /** As it stands within an expression. */
  bare?: string;
  /** The key of the sentence that says what it is. */
  says: string;
}

export interface Group {
  name: string;
  pieces: Insertable[];
}

function value(name: string, says: string): Insertable {
  return { shown: name, text: `{{ ${name} }}`, bare: name, says };
}

const COMMON = [
  value("facts.repository", "repository"),
  value("facts.number", "number"),
  value("facts.branch", "branch"),
  value("facts.ref", "ref"),
  value("facts.labels", "labels"),
  value("facts.sender", "sender"),
  value("facts.action", "action"),
  value("event", "event"),
];

const PULL_REQUEST = [
  value("pull_request.title", "title"),
  value("pull_request.body", "body"),
  value("pull_request.user.login", "author"),
  value("pull_request.head.ref", "head"),
  value("pull_request.base.ref", "base"),
  value("pull_request.html_url", "url"),
  value("pull_request.draft", "draft"),
  value("pull_request.author_association", "association"),
];

const COMMENT = [value("comment.body", "comment"), value("comment.user.login", "author"), value("comment.html_url", "url")];
const ISSUE = [
  value("issue.title", "title"),
  value("issue.body", "body"),
  value("issue.user.login", "author"),
  value("issue.html_url", "url"),
];
const DISCUSSION = [value("discussion.title", "title"), value("discussion.body", "body"), value("discussion.html_url", "url")];

const OF_EVENT: Record<string, Insertable[]> = {
  pull_request: PULL_REQUEST,
  pull_request_review: [...PULL_REQUEST, value("review.state", "state"), value("review.body", "comment")],
  pull_request_review_comment: [...PULL_REQUEST, ...COMMENT, value("comment.path", "path")],
  issues: ISSUE,
  issue_comment: [...ISSUE, ...COMMENT],
  discussion: DISCUSSION,
  discussion_comment: [...DISCUSSION, ...COMMENT],
  push: [
    value("ref", "ref"),
    value("after", "commit"),
    value("compare", "url"),
    value("head_commit.message", "commitMessage"),
    value("pusher.name", "author"),
  ],
  release: [value("release.tag_name", "tag"), value("release.name", "title"), value("release.body", "body"), value("release.html_url", "url")],
  workflow_run: [
    value("workflow_run.name", "title"),
    value("workflow_run.conclusion", "state"),
    value("workflow_run.head_branch", "branch"),
    value("workflow_run.html_url", "url"),
  ],
  check_run: [value("check_run.name", "title"), value("check_run.conclusion", "state"), value("check_run.html_url", "url")],
  check_suite: [value("check_suite.conclusion", "state"), value("check_suite.head_branch", "branch")],
};

const FILTERS: Insertable[] = [
  { shown: '| default("…")', text: ' | default("…")', says: "default" },
  { shown: "| truncate(500)", text: " | truncate(500)", says: "truncate" },
  { shown: "| prefix(7)", text: " | prefix(7)", says: "prefix" },
  { shown: '| join(", ")', text: ' | join(", ")', says: "join" },
  { shown: '| map(attribute="name")', text: ' | map(attribute="name")', says: "map" },
  { shown: "| lower", text: " | lower", says: "lower" },
  { shown: "| length", text: " | length", says: "length" },
  { shown: "| tojson", text: " | tojson", says: "tojson" },
];

const STATEMENTS: Insertable[] = [
  { shown: "{% if … %}", text: "{% if pull_request.draft %}\n\n{% endif %}", says: "if" },
  { shown: "{% for … %}", text: "{% for label in facts.labels %}\n- {{ label }}\n{% endfor %}", says: "for" },
];

const EXPRESSIONS: Insertable[] = [
  { shown: "and", text: " and ", says: "and" },
  { shown: "not", text: "not ", says: "not" },
  { shown: 'in ["…"]', text: ' in ["opened", "reopened"]', says: "in" },
  { shown: 'is matching("…")', text: ' is matching("release/*")', says: "matching" },
];

export function insertables(events: readonly string[], expression: boolean): Group[] {
  const own = new Map<string, Insertable>();
  for (const event of events) for (const piece of OF_EVENT[event] ?? []) own.set(piece.shown, piece);
  return [
    ...(own.size === 0 ? [] : [{ name: "event", pieces: [...own.values()] }]),
    { name: "common", pieces: COMMON },
    { name: "filters", pieces: FILTERS },
    expression ? { name: "expressions", pieces: EXPRESSIONS } : { name: "statements", pieces: STATEMENTS },
  ];
}
