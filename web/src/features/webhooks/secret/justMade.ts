import type { Schemas } from "../../../api/client";

/**
 * A webhook that was just made, with its secret, on the way to the page that shows it: in the memory of this page alone,
 * and taken out of it by who shows it. A history entry or a storage would keep a secret that is shown once.
 */

type Made = Schemas["CreatedWebhook"];

let made: Made | undefined;

export function keepMade(webhook: Made): void {
  made = webhook;
}

/** The webhook, once; undefined: it was not made a moment ago. */
export function takeMade(webhookId: string): Made | undefined {
  const found = made?.webhook_id === webhookId ? made : undefined;
  if (found !== undefined) made = undefined;
  return found;
}
