import type { Schemas } from "../../api/client";

export type Outcome = Schemas["DeliverySummary"]["outcome"];

/** What a delivery can come to, in the order in which lists offer it. */
export const OUTCOMES = ["dispatched", "waiting", "ignored", "failed", "duplicate"] as const satisfies readonly Outcome[];
