import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute } from "../../app/routes";
import { OUTCOMES } from "./outcomes";

const list = createRoute({
  getParentRoute: () => shellRoute,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("./list/WebhookList"), "WebhookList"),
});

const create = createRoute({
  getParentRoute: () => shellRoute,
  path: "/webhooks/new",
  validateSearch: (search: Record<string, unknown>): { recipe?: string } =>
    typeof search.recipe === "string" ? { recipe: search.recipe } : {},
  component: lazyRouteComponent(() => import("./form/NewWebhook"), "NewWebhook"),
});

type DeliveryOutcome = (typeof OUTCOMES)[number];

export interface WebhookSearch {
  tab?: "edit";
  outcome?: DeliveryOutcome;
  /** The delivery whose payload the form is tried on. */
  delivery?: string;
}

const one = createRoute({
  getParentRoute: () => shellRoute,
  path: "/webhooks/$webhookId",
  validateSearch: (search: Record<string, unknown>): WebhookSearch => ({
    ...(search.tab === "edit" ? { tab: "edit" as const } : {}),
    ...(OUTCOMES.includes(search.outcome as DeliveryOutcome) ? { outcome: search.outcome as DeliveryOutcome } : {}),
    ...(typeof search.delivery === "string" ? { delivery: search.delivery } : {}),
  }),
  component: lazyRouteComponent(() => import("./page/WebhookPage"), "WebhookPage"),
});

const delivery = createRoute({
  getParentRoute: () => shellRoute,
  path: "/webhooks/$webhookId/deliveries/$deliveryId",
  component: lazyRouteComponent(() => import("./delivery/DeliveryPage"), "DeliveryPage"),
});

export const webhookRoutes = [list, create, one, delivery] as const;
