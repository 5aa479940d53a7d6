import type { Schemas } from "../../api/client";
import type { Stored } from "../sessions/create/stored";
import { given, NEW_SESSION, sessionFields, sessionValues, type SessionValues } from "../triggers/session";

/** What the form of a webhook holds, and how it becomes a request; pure. */

export type Webhook = Schemas["WebhookResource"];

export interface WebhookValues {
  name: string;
  enabled: boolean;
  events: string[];
  actions: string[];
  repositories: string[];
  branches: string[];
  labels: string[];
  paths: string[];
  senders: string[];
  ignoreBots: boolean;
  condition: string;
  message: string;
  perHour: number | "";
  session: SessionValues;
}

export const NEW_WEBHOOK: WebhookValues = {
  name: "",
  enabled: true,
  events: [],
  actions: [],
  repositories: [],
  branches: [],
  labels: [],
  paths: [],
  senders: [],
  ignoreBots: true,
  condition: "",
  message: "",
  perHour: 60,
  session: NEW_SESSION,
};

export function valuesOf(webhook: Webhook): WebhookValues {
  return {
    name: webhook.name,
    enabled: webhook.enabled,
    events: webhook.events,
    actions: webhook.actions,
    repositories: webhook.repositories,
    branches: webhook.branches,
    labels: webhook.pull_request_labels,
    paths: webhook.paths,
    senders: webhook.senders,
    ignoreBots: webhook.ignore_bots,
    condition: webhook.condition ?? "",
    message: webhook.message ?? "",
    perHour: webhook.max_dispatches_per_hour,
    session: sessionValues(webhook),
  };
}

/** Each field of the API that the form is about; null is its default. */
export function bodyOf(values: WebhookValues, stored?: Stored): Record<string, unknown> {
  const { session } = values;
  return {
    name: values.name.trim(),
    enabled: values.enabled,
    events: values.events,
    actions: values.actions,
    repositories: values.repositories,
    branches: values.branches,
    pull_request_labels: values.labels,
    paths: values.paths,
    senders: values.senders,
    ignore_bots: values.ignoreBots,
    condition: given(values.condition),
    message: values.message.trim() === "" ? null : values.message,
    max_dispatches_per_hour: values.perHour === "" ? null : values.perHour,
    reuse_key: session.reuse === "key" ? given(session.reuseKey) : null,
    ...sessionFields(session, stored),
  };
}

/** The API's names of fields, and the form's. */
export const FIELDS: Record<string, string> = {
  name: "name",
  events: "events",
  actions: "actions",
  repositories: "repositories",
  branches: "branches",
  pull_request_labels: "labels",
  paths: "paths",
  senders: "senders",
  condition: "condition",
  message: "message",
  max_dispatches_per_hour: "perHour",
};
