import type { ClientFrame, Frame } from "./frames";

/**
 * One WebSocket to a session that is there again whenever it was cut, and goes on where it was.
 *
 * Every wait has an end: a handshake that hangs, and a link that is dead without having said so, are given up and tried
 * again, later each time, at once when the browser says that the network is back. What it is doing is visible at any moment.
 */

export type ConnectionState =
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "waiting"; since: number; tryAt: number; tries: number }
  | { kind: "ended" }
  | { kind: "refused"; code: string; message: string };

export interface Callbacks {
  frame: (frame: Frame) => void;
  state: (state: ConnectionState) => void;
}

export interface Parts {
  open: (url: string) => WebSocket;
  now: () => number;
  random: () => number;
}

const HANDSHAKE_MS = 10_000;
const PING_EVERY_MS = 20_000;
const SILENT_MS = 45_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** A connection that lasted so long was a good one: the next failure is a first one. */
const GOOD_MS = 10_000;

const browser: Parts = {
  open: (url) => new WebSocket(url),
  now: () => Date.now(),
  random: () => Math.random(),
};

export class SessionConnection {
  #url: (since: number) => string;
  #since: () => number;
  #callbacks: Callbacks;
  #parts: Parts;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #tries = 0;
  #cutAt: number | undefined;
  #openedAt = 0;
  #heardAt = 0;
  #refusal: { code: string; message: string } | undefined;
  #closed = false;
  state: ConnectionState = { kind: "connecting" };

  constructor(url: (since: number) => string, since: () => number, callbacks: Callbacks, parts: Parts = browser) {
    this.#url = url;
    this.#since = since;
    this.#callbacks = callbacks;
    this.#parts = parts;
  }

  start(): void {
    globalThis.addEventListener?.("online", this.retry);
    document.addEventListener?.("visibilitychange", this.#visible);
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    globalThis.removeEventListener?.("online", this.retry);
    document.removeEventListener?.("visibilitychange", this.#visible);
    this.#drop();
  }

  /** Sends a frame; false where nobody would get it now. */
  send(frame: ClientFrame): boolean {
    if (this.state.kind !== "live" || this.#socket === undefined) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Tries again now, where it is waiting to. */
  retry = (): void => {
    if (this.state.kind === "waiting") this.#connect();
  };

  /** Begins anew from what was taken: an event is missing. */
  resume(): void {
    this.#tries = Math.max(this.#tries, 1);
    this.#cut();
  }

  #visible = (): void => {
    if (document.visibilityState === "visible") this.retry();
  };

  #connect(): void {
    this.#drop();
    if (this.#closed) return;
    this.#set(this.#cutAt === undefined ? { kind: "connecting" } : this.state);
    let socket: WebSocket;
    try {
      socket = this.#parts.open(this.#url(this.#since()));
    } catch {
      this.#cut();
      return;
    }
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#cut(), HANDSHAKE_MS);
    socket.onmessage = (event: MessageEvent<unknown>) => this.#arrived(event.data);
    socket.onclose = (event) => this.#ended(event.code);
  }

  #arrived(text: unknown): void {
    const frame = parse(text);
    this.#heardAt = this.#parts.now();
    if (frame === undefined) return;
    if (frame.type === "error") this.#refusal = frame.data;
    if (frame.type === "hello") this.#opened();
    this.#callbacks.frame(frame);
  }

  #opened(): void {
    clearTimeout(this.#timer);
    this.#openedAt = this.#parts.now();
    this.#cutAt = undefined;
    this.#refusal = undefined;
    this.#set({ kind: "live" });
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#look(), PING_EVERY_MS);
  }

  #look(): void {
    if (this.#parts.now() - this.#heardAt > SILENT_MS) this.#cut();
    else this.#socket?.send(JSON.stringify({ type: "ping" } satisfies ClientFrame));
  }

  #ended(code: number): void {
    if (code === 1000) {
      this.#drop();
      this.#set({ kind: "ended" });
    } else if (code === 1008 || code === 4404) {
      const { code: why, message } = this.#refusal ?? { code: code === 4404 ? "NOT_FOUND" : "FORBIDDEN", message: "" };
      this.#drop();
      this.#set({ kind: "refused", code: why, message });
    } else {
      this.#cut();
    }
  }

  #cut(): void {
    const now = this.#parts.now();
    if (this.state.kind === "live" && now - this.#openedAt > GOOD_MS) this.#tries = 0;
    this.#drop();
    if (this.#closed) return;
    this.#cutAt ??= now;
    const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(this.#tries, 10));
    const delay = ceiling / 2 + this.#parts.random() * (ceiling / 2);
    this.#tries += 1;
    this.#set({ kind: "waiting", since: this.#cutAt, tryAt: now + delay, tries: this.#tries });
    this.#timer = setTimeout(() => this.#connect(), delay);
  }

  #drop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  #set(state: ConnectionState): void {
    this.state = state;
    this.#callbacks.state(state);
  }
}

function parse(text: unknown): Frame | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const frame: unknown = JSON.parse(text);
    return typeof frame === "object" && frame !== null && "type" in frame ? (frame as Frame) : undefined;
  } catch {
    return undefined;
  }
}
