/** The five of the product, in the order in which lists offer them. */
export const STATUSES = ["running", "pending", "completed", "failed", "terminated"] as const;
export type Status = (typeof STATUSES)[number];
