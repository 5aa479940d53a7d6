import { SessionConnection, type ConnectionState } from "./connection";
import { isStream, type Activity, type ClientFrame, type Frame, type Permission, type Prompt, type Session } from "./frames";
import { pagesOf, readBack } from "./history";
import { Transcript, type Entry } from "./transcript";

/** What a screen of a session shows; replaced as a whole, at most once in a frame of the screen. */
export interface LiveView {
  connection: ConnectionState;
  session: Session | undefined;
  activity: Activity | undefined;
  entries: readonly Entry[];
  /** Those that have no end yet, in their order. */
  openPrompts: readonly Prompt[];
  prompts: ReadonlyMap<string, Prompt>;
  permissions: ReadonlyMap<string, Permission>;
  /** What came before the first of them. */
  older: "none" | "there" | "loading" | "failed";
  /** Whether the newest until now are here. */
  complete: boolean;
}

const OPEN = new Set(["queued", "delivering", "in_progress"]);
/** Text that comes faster is drawn in larger pieces: what is typed meanwhile must not wait for it. */
const PAUSE_MS = 60;
/** So many entries stay while somebody follows the end; half as many more may gather before the oldest go. */
const MOST_ENTRIES = 600;

/** A session as it is at this moment, for as long as somebody looks. */
export class LiveSession {
  #transcript = new Transcript();
  #connection: SessionConnection;
  #listeners = new Set<() => void>();
  #scheduled = false;
  #wantedSeq = Number.POSITIVE_INFINITY;
  #session: Session | undefined;
  #activity: Activity | undefined;
  #prompts = new Map<string, Prompt>();
  #permissions = new Map<string, Permission>();
  #publishedAt = 0;
  #begun = false;
  #shown = false;
  #reading: "no" | "now" | "failed" = "no";
  #following = true;
  #readPage: ReturnType<typeof pagesOf>;
  #leaving = new AbortController();
  #view: LiveView;

  constructor(sessionId: string) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const url = (since: number): string =>
      // the first time from now on: what came before is read from the newest back
      `${scheme}://${location.host}/ws/sessions/${encodeURIComponent(sessionId)}${this.#begun ? `?since=${since}` : ""}`;
    this.#readPage = pagesOf(sessionId, this.#leaving.signal);
    this.#connection = new SessionConnection(url, () => this.#transcript.lastSeq, {
      frame: (frame) => this.#take(frame),
      state: () => this.#schedule(),
    });
    this.#view = this.#made();
  }

  start(): void {
    this.#connection.start();
  }

  close(): void {
    this.#leaving.abort();
    this.#connection.close();
  }

  retry(): void {
    this.#connection.retry();
  }

  send(frame: ClientFrame): boolean {
    return this.#connection.send(frame);
  }

  /** Somebody looks at the end, or has gone up to read: then nothing is taken out above them. */
  follow = (end: boolean): void => {
    const back = end && !this.#following;
    this.#following = end;
    if (back) this.#schedule();
  };

  /** Reads some of what came before. */
  older = (): void => {
    if (this.#reading === "now" || this.#transcript.begin === 0) return;
    this.#reading = "now";
    this.#schedule();
    void readBack(this.#transcript, this.#readPage).then(
      () => this.#read("no"),
      () => this.#read("failed"),
    );
  };

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  view = (): LiveView => this.#view;

  #read(how: "no" | "failed"): void {
    if (this.#leaving.signal.aborted) return;
    this.#reading = how;
    this.#shown ||= how === "no";
    this.#schedule();
  }

  #take(frame: Frame): void {
    if (isStream(frame)) {
      if (!this.#transcript.take(frame)) this.#connection.resume();
    } else {
      this.#state(frame);
    }
    this.#schedule();
  }

  #state(frame: Exclude<Frame, { seq: number }>): void {
    switch (frame.type) {
      case "hello":
        this.#wantedSeq = frame.data.last_seq;
        if (!this.#begun) this.#begin(frame.data.last_seq);
        this.#newer(frame.data.session);
        for (const prompt of frame.data.prompts) this.#prompt(prompt);
        for (const permission of frame.data.permissions) this.#permission(permission);
        break;
      case "session":
        this.#newer(frame.data);
        break;
      case "prompt":
        this.#prompt(frame.data);
        break;
      case "permission":
        this.#permission(frame.data);
        break;
      case "activity":
        if (this.#activity === undefined || this.#activity.sampled_at <= frame.data.sampled_at)
          this.#activity = frame.data;
        break;
      case "delta":
        this.#transcript.preview(frame.data.message_id, frame.data.kind, frame.data.offset, frame.data.text);
        break;
      default:
        break;
    }
  }

  #begin(lastSeq: number): void {
    this.#begun = true;
    this.#transcript.beginAfter(lastSeq);
    this.#shown = lastSeq === 0;
    this.older();
  }

  #newer(session: Session): void {
    if (this.#session === undefined || this.#session.version <= session.version) this.#session = session;
  }

  #prompt(prompt: Prompt): void {
    const known = this.#prompts.get(prompt.prompt_id);
    if (known === undefined || known.version < prompt.version)
      this.#prompts = new Map(this.#prompts).set(prompt.prompt_id, prompt);
  }

  #permission(permission: Permission): void {
    const known = this.#permissions.get(permission.permission_id);
    if (known === undefined || known.version < permission.version)
      this.#permissions = new Map(this.#permissions).set(permission.permission_id, permission);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const wait = this.#publishedAt + PAUSE_MS - performance.now();
    if (wait > 0) setTimeout(this.#soon, wait);
    else this.#soon();
  }

  #soon = (): void => {
    // a hidden page has no frames, and its title still has to say that somebody is needed
    if (document.visibilityState === "visible") requestAnimationFrame(this.#publish);
    else setTimeout(this.#publish, 250);
  };

  #publish = (): void => {
    this.#scheduled = false;
    this.#publishedAt = performance.now();
    if (this.#following && this.#reading !== "now") this.#transcript.trim(MOST_ENTRIES);
    this.#transcript.publish();
    this.#view = this.#made();
    for (const listener of this.#listeners) listener();
  };

  #made(): LiveView {
    // what did not change is the same object as before, so that only what did is drawn again
    const prompts = this.#prompts;
    const before = this.#view as LiveView | undefined;
    return {
      connection: this.#connection.state,
      session: this.#session,
      activity: this.#activity,
      entries: this.#transcript.entries,
      openPrompts:
        before?.prompts === prompts
          ? before.openPrompts
          : [...prompts.values()].filter((each) => OPEN.has(each.state)).sort((a, b) => a.number - b.number),
      prompts,
      permissions: this.#permissions,
      older: this.#reading === "now" ? "loading" : this.#transcript.begin === 0 ? "none" : this.#reading === "failed" ? "failed" : "there",
      complete: this.#shown && this.#transcript.lastSeq >= this.#wantedSeq,
    };
  }
}
