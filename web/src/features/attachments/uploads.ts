import { problemOf, unreachable } from "../../api/problem";
import type { Schemas } from "../../api/client";
import { csrfToken } from "../../api/client";

/** Sends a file's bytes to a session, or for one that is still to be created. An XMLHttpRequest, because only that tells how much of it has gone. */

export const MOST_FILES = 10;
export const MOST_BYTES = 10 * 1024 * 1024;
const TIMEOUT_MS = 120_000;

export interface Sending {
  done: Promise<Schemas["Attachment"]>;
  abort: () => void;
}

export function upload(sessionId: string | undefined, file: File, progress: (share: number) => void = () => undefined): Sending {
  const request = new XMLHttpRequest();
  const done = new Promise<Schemas["Attachment"]>((resolve, reject) => {
    const name = encodeURIComponent(file.name === "" ? "file" : file.name);
    const of = sessionId === undefined ? "" : `sessions/${encodeURIComponent(sessionId)}/`;
    request.open("POST", `/api/v1/${of}attachments?name=${name}`);
    request.timeout = TIMEOUT_MS;
    request.setRequestHeader("Content-Type", file.type === "" ? "application/octet-stream" : file.type);
    const csrf = csrfToken();
    if (csrf !== undefined) request.setRequestHeader("X-CSRF-Token", csrf);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable && event.total > 0) progress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      const body = bodyOf(request.responseText);
      if (request.status === 201) resolve(body as Schemas["Attachment"]);
      else reject(problemOf(new Response(null, { status: request.status, headers: requestIdOf(request) }), body));
    });
    for (const event of ["error", "timeout", "abort"] as const) {
      request.addEventListener(event, () => reject(unreachable(new Error(event))));
    }
    request.send(file);
  });
  return { done, abort: () => request.abort() };
}

function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function requestIdOf(request: XMLHttpRequest): Record<string, string> {
  const id = request.getResponseHeader("X-Request-Id");
  return id === null ? {} : { "X-Request-Id": id };
}
