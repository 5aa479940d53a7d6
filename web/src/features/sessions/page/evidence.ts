/** What a diagnosis rests on, told for people; pure. */

export interface Shortage {
  resource: string;
  requested: string;
  there: string;
  missing: string;
  /** How much there is of what is needed, 0 to 1. */
  share: number;
  /** On how many nodes, as the scheduler counts; 0: not told. */
  nodes: number;
  /** The nodes that may be used, that with most room first. */
  rooms: Room[];
}

export interface Room {
  there: string;
  /** How much there is of what is needed, 0 to 1. */
  share: number;
}

export interface Evidence {
  /** With which code the agent or the set-up ended, where that is what ended it; else the runner. */
  exitCode: string | undefined;
  log: string[];
  facts: [name: string, text: string][];
  shortages: Shortage[];
}

const MOST_LETTERS = 300;
/** So many letters are enough to know a line of the log again. */
const RECOGNISED = 24;
/** Said by the sentence, or of use to programs alone. */
const SAID = new Set(["last_word", "complete", "refusals", "detail", "by"]);
/** The same as another word's, by which people know it. */
const KNOWN_AS: Readonly<Record<string, string>> = { forced: "force" };
const UNITS: Readonly<Record<string, number>> = { "": 1, m: 0.001, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

export function evidenceOf(evidence: Record<string, unknown> | undefined): Evidence {
  const { log, log_tail, shortages, ...rest } = evidence ?? {};
  const lines = log ?? log_tail;
  const word = isRecord(rest.last_word) ? rest.last_word : {};
  const code = typeof word.exit_code === "number" ? word.exit_code : rest.exit_code;
  return {
    exitCode: typeof code === "number" ? String(code) : undefined,
    log: Array.isArray(lines) ? lines.filter((line): line is string => typeof line === "string").map(lineOf) : [],
    facts: Object.entries(rest).filter(([name]) => !SAID.has(name)).flatMap(([name, value]): [string, string][] => {
      const text = textOf(value);
      return text === "" ? [] : [[KNOWN_AS[name] ?? name, text]];
    }),
    shortages: Array.isArray(shortages) ? shortages.filter(isRecord).map(shortageOf) : [],
  };
}

/** The sentence without what a program said at length, where the log beneath has that in full. */
export function headlineOf(sentence: string, log: readonly string[]): string {
  const [said, ...rest] = sentence.split(": ");
  const words = rest.join(": ").slice(0, RECOGNISED).trim();
  if (said === undefined || words === "" || !log.some((line) => line.includes(words))) return sentence;
  return /[\u3040-\u30ff]/.test(said) ? `${said}。` : `${said}.`;
}

/** Twice the memory, after an end for lack of it. */
export function moreMemory(code: string, limit: string): { limit: string; size: string } | undefined {
  const more = Math.ceil((quantityOf(limit) / 2 ** 30) * 2);
  return code === "oom_killed" && more >= 1 ? { limit: `${more}Gi`, size: `${more}\u00a0GiB` } : undefined;
}

/** `1.5Gi`, `500m`, `2` as a number; NaN for what is none. */
export function quantityOf(text: string): number {
  const parts = /^([0-9.]+)\s*(m|Ki|Mi|Gi|Ti)?B?$/.exec(text.trim());
  return parts === null ? Number.NaN : Number(parts[1]) * (UNITS[parts[2] ?? ""] ?? 1);
}

/** A line of a structured log as people read one: when, who, what; any other line as it is. */
export function lineOf(line: string): string {
  if (!line.startsWith("{")) return line;
  try {
    const { time, service, line: text, event, level: _l, session_id: _s, launch_id: _i, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const clock = typeof time === "string" ? clockOf(time) : "";
    const more = Object.entries(rest)
      // why it ends, when that has lines, was logged line by line before
      .map(([name, value]) => [name, event === "ending" && name === "detail" ? firstLine(textOf(value)) : textOf(value)] as const)
      .filter(([, value]) => value !== "")
      .map(([name, value]) => `${name}=${value}`);
    return [clock, service === undefined ? "" : `${textOf(service)}:`, textOf(text ?? event), ...more].filter((word) => word !== "").join(" ");
  } catch {
    return line;
  }
}

function firstLine(text: string): string {
  const [first = "", ...rest] = text.split("\n");
  return rest.length > 0 ? `${first}…` : first;
}

/** The reader's clock, as beside it: 24 hours, with seconds. */
function clockOf(time: string): string {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? "" : at.toTimeString().slice(0, 8);
}

function shortageOf(found: Record<string, unknown>): Shortage {
  const word = (name: string): string => (typeof found[name] === "string" ? found[name] : "");
  const there = word("most_free_at_most") || word("largest_node");
  const needed = quantityOf(word("requested"));
  const shareOf = (amount: string): number => {
    const share = quantityOf(amount) / needed;
    return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  };
  const rooms = Array.isArray(found.rooms) ? found.rooms.filter(isRecord) : [];
  return {
    resource: word("resource"),
    requested: word("requested"),
    there,
    missing: word("missing"),
    share: shareOf(there),
    nodes: typeof found.nodes === "number" ? found.nodes : 0,
    rooms: rooms.flatMap(({ free, has }) => {
      const amount = typeof free === "string" ? free : has;
      return typeof amount === "string" ? [{ there: amount, share: shareOf(amount) }] : [];
    }),
  };
}

function textOf(value: unknown): string {
  if (value === null || value === undefined || value === false) return "";
  if (isRecord(value))
    return cut(
      Object.entries(value)
        .map(([name, inner]) => [name, textOf(inner)] as const)
        .filter(([, text]) => text !== "")
        .map(([name, text]) => `${name}: ${text}`)
        .join(", "),
    );
  if (Array.isArray(value)) return cut(value.map(textOf).join(", "));
  return cut(String(value));
}

function cut(text: string): string {
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
