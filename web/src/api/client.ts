import createClient, { type Middleware } from "openapi-fetch";

import { problemOf, unreachable } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

const TIMEOUT_MS = 20_000;
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

let csrf: string | undefined;
let signedOut: () => void = () => {};

/** Keeps what every change has to carry, beside the cookie: another site can make the browser send the one, not the other. */
export function setCsrf(token: string | undefined): void {
  csrf = token;
}

/** For the requests that cannot go through `api`. */
export function csrfToken(): string | undefined {
  return csrf;
}

/** Called when the gateway does not know us any more. */
export function onSignedOut(call: () => void): void {
  signedOut = call;
}

const session: Middleware = {
  onRequest({ request }) {
    if (!SAFE.has(request.method) && csrf !== undefined) request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return response;
    const problem = problemOf(response, await response.clone().json().catch(() => undefined));
    if (response.status === 401) signedOut();
    throw problem;
  },
  onError({ error }) {
    return unreachable(error);
  },
};

/** The gateway, typed by its own OpenAPI document; whatever is no success is thrown as a `Problem`. */
export const api = createClient<paths>({
  baseUrl: "",
  credentials: "same-origin",
  fetch: (request) => fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]) }),
});
api.use(session);

/** The data of an answer; a success has some. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data: found } = await answer;
  return found as T;
}
