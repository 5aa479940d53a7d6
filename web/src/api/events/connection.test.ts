import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { SessionConnection, type ConnectionState } from "./connection";
import type { Frame } from "./frames";

class Socket {
  static all: Socket[] = [];
  sent: string[] = [];
  closed = false;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;

  constructor(readonly url: string) {
    Socket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.closed = true;
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) } as MessageEvent);
  }

  end(code: number): void {
    this.onclose?.({ code } as CloseEvent);
  }
}

const hello = { type: "hello", data: {}, timestamp: "" };
let since = 0;
let states: ConnectionState[] = [];
let frames: Frame[] = [];

function connection(): SessionConnection {
  return new SessionConnection(
    (seq) => `ws://here/?since=${seq}`,
    () => since,
    { frame: (frame) => frames.push(frame), state: (state) => states.push(state) },
    { open: (url) => new Socket(url) as unknown as WebSocket, now: () => Date.now(), random: () => 0.5 },
  );
}

function last(): Socket {
  const found = Socket.all.at(-1);
  if (found === undefined) throw new Error("no socket was opened");
  return found;
}

describe("the connection of a session", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    Socket.all = [];
    since = 0;
    states = [];
    frames = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is live from the first frame on, and goes on where it was after a cut", () => {
    const session = connection();
    session.start();
    expect(last().url).toBe("ws://here/?since=0");
    last().say(hello);
    expect(session.state.kind).toBe("live");
    since = 41;
    last().end(1006);
    expect(session.state.kind).toBe("waiting");
    vi.advanceTimersByTime(1_000);
    expect(Socket.all).toHaveLength(2);
    expect(last().url).toBe("ws://here/?since=41");
    session.close();
  });

  it("gives a handshake up that hangs, and tries again later each time", () => {
    const session = connection();
    session.start();
    const delays: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      vi.advanceTimersByTime(10_000);
      const state = session.state;
      if (state.kind !== "waiting") throw new Error(state.kind);
      delays.push(state.tryAt - Date.now());
      expect(last().closed).toBe(true);
      vi.advanceTimersByTime(state.tryAt - Date.now());
    }
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    expect(delays.at(-1)).toBeLessThanOrEqual(15_000);
    session.close();
  });

  it("notices a link that is dead without having said so", () => {
    const session = connection();
    session.start();
    last().say(hello);
    vi.advanceTimersByTime(20_000);
    expect(last().sent).toContain('{"type":"ping"}');
    vi.advanceTimersByTime(60_000);
    expect(Socket.all.length).toBeGreaterThan(1);
    session.close();
  });

  it("tries at once when the network is back", () => {
    const session = connection();
    session.start();
    last().end(1006);
    const before = Socket.all.length;
    globalThis.dispatchEvent(new Event("online"));
    expect(Socket.all).toHaveLength(before + 1);
    session.close();
  });

  it.each([
    [1000, "ended"],
    [1008, "refused"],
    [4404, "refused"],
  ])("does not come back after code %i", (code, kind) => {
    const session = connection();
    session.start();
    last().say({ type: "error", data: { code: "FORBIDDEN", message: "no" }, timestamp: "" });
    last().end(code);
    vi.advanceTimersByTime(120_000);
    expect(session.state.kind).toBe(kind);
    expect(Socket.all).toHaveLength(1);
    session.close();
  });

  it.each([1001, 1011, 1013])("comes back after code %i", (code) => {
    const session = connection();
    session.start();
    last().say(hello);
    last().end(code);
    vi.advanceTimersByTime(2_000);
    expect(Socket.all).toHaveLength(2);
    session.close();
  });

  it("sends only where somebody gets it", () => {
    const session = connection();
    session.start();
    expect(session.send({ type: "ping" })).toBe(false);
    last().say(hello);
    expect(session.send({ type: "cancel" })).toBe(true);
    session.close();
  });

  it("passes over what is no frame", () => {
    const session = connection();
    session.start();
    last().onmessage?.({ data: "{" } as MessageEvent);
    last().onmessage?.({ data: "7" } as MessageEvent);
    expect(frames).toHaveLength(0);
    session.close();
  });
});
