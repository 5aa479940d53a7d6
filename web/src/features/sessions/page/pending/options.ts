import type { SessionSummary } from "../../queries";
import { quantityOf, type Shortage } from "../evidence";

/** What may help a session that does not start; pure. */

export interface Smaller {
  config: { memory_limit: string } | { cpu_limit: string };
  resource: "memory" | "cpu";
  size: string;
}

const GIB = 2 ** 30;

/** The most that may fit: what the node with most room has, where that is known, else half of what is asked for. */
export function smallerOf(
  code: string,
  asked: { cpu_limit: string; memory_limit: string },
  shortages: readonly Shortage[],
): Smaller | undefined {
  const resource = code === "insufficient_memory" ? "memory" : code === "insufficient_cpu" ? "cpu" : undefined;
  if (resource === undefined) return undefined;
  const unit = resource === "memory" ? GIB : 1;
  const now = quantityOf(asked[`${resource}_limit`]) / unit;
  const there = quantityOf(shortages.find((each) => each.resource === resource)?.there ?? "") / unit;
  const size = Math.floor(Math.min(Number.isFinite(there) && there < now ? there : now / 2, now));
  if (!(size >= 1 && size < now)) return undefined;
  return resource === "memory"
    ? { resource, config: { memory_limit: `${size}Gi` }, size: `${size}\u00a0GiB` }
    : { resource, config: { cpu_limit: String(size) }, size: `${size}\u00a0CPU` };
}

/** Those that have waited longest for somebody first; then those at work. */
export function idleFirst(sessions: readonly SessionSummary[]): SessionSummary[] {
  const rank = (each: SessionSummary): number => (each.agent_state === "ready" ? 0 : 1);
  return sessions
    .filter((each) => each.stop_requested == null)
    .sort((one, other) => rank(one) - rank(other) || Date.parse(one.updated_at) - Date.parse(other.updated_at));
}

const STEPS = new Set(["queued", "starting", "cloning", "setting_up", "starting_agent"]);

/** Whether something keeps it from starting, other than that it takes its time. */
export function isStuck(code: string): boolean {
  return !STEPS.has(code);
}
