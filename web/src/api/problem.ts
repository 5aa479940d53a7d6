/** A refusal of the gateway, or that it cannot be reached: one shape for all that asks it. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Record<string, unknown>;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(fields: {
    code: string;
    message: string;
    status: number;
    details?: Record<string, unknown>;
    requestId?: string | undefined;
    retryAfter?: number | undefined;
  }) {
    super(fields.message);
    this.name = "Problem";
    this.code = fields.code;
    this.status = fields.status;
    this.details = fields.details ?? {};
    this.requestId = fields.requestId;
    this.retryAfter = fields.retryAfter;
  }

  /** Whether another try of the same may succeed without anybody doing anything. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502 || this.code === "UNAVAILABLE";
  }
}

/** Nobody answered: the network, or a gateway that is just being started again. */
export function unreachable(cause: unknown): Problem {
  const problem = new Problem({ code: "UNREACHABLE", message: "The server cannot be reached.", status: 0 });
  problem.cause = cause;
  return problem;
}

/** What a response that is no success says; a body that is not ours (a proxy's page) says nothing. */
export function problemOf(response: Response, body: unknown): Problem {
  const error = isRecord(body) && isRecord(body.error) ? body.error : {};
  const retryAfter = Number(response.headers.get("Retry-After"));
  return new Problem({
    code: typeof error.code === "string" ? error.code : "INTERNAL_ERROR",
    message: typeof error.message === "string" ? error.message : response.statusText || `HTTP ${response.status}`,
    status: response.status,
    details: isRecord(error.details) ? error.details : {},
    requestId: response.headers.get("X-Request-Id") ?? undefined,
    retryAfter: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
