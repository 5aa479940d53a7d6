import type { Session } from "../../../api/events/frames";
import { quantityOf } from "../page/evidence";
import { provisionsOf } from "./provisions";
import { EMPTY, type Values } from "./values";

const GIB = 2 ** 30;

/**
 * The form of a session that is made once more with other settings; pure. Secrets are not known here: their names come
 * along, their values are asked for again.
 */
export function valuesOfSession(session: Session, message: string): Values {
  const { config } = session;
  return {
    ...EMPTY,
    name: session.name === session.session_id ? "" : session.name,
    repository: session.repository ?? "",
    branch: session.branch ?? "",
    message,
    cpu: within(Math.round(quantityOf(config.cpu_limit)), 1, 4, EMPTY.cpu),
    memory: within(Math.round(quantityOf(config.memory_limit) / GIB), 2, 8, EMPTY.memory),
    timeoutMinutes: config.timeout_minutes,
    mode: session.mode,
    agent: config.agent ?? "",
    model: config.model ?? "",
    setupScript: config.setup_script ?? "",
    ...provisionsOf(config),
    volumeFrom: "",
  };
}

function within(value: number, least: number, most: number, otherwise: number): number {
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : otherwise;
}
