import type { Schemas } from "../../api/client";
import type { Stored } from "../sessions/create/stored";
import { NEW_SESSION, sessionFields, sessionValues, type SessionValues } from "../triggers/session";
import { ownZone } from "../triggers/times";

/** What the form of a schedule holds, and how it becomes a request; pure. */

export type Schedule = Schemas["ScheduleResource"];
export type Run = Schemas["RunResource"];

export const OVERLAPS = ["skip", "queue", "allow", "replace"] as const satisfies readonly Schedule["overlap"][];

export interface ScheduleValues {
  name: string;
  enabled: boolean;
  cron: string;
  timezone: string;
  overlap: (typeof OVERLAPS)[number];
  catchUpSeconds: number;
  jitterSeconds: number;
  /** As a field of date and time has it: the time of this browser, without a zone. */
  startsAt: string;
  endsAt: string;
  message: string;
  session: SessionValues;
}

export function newSchedule(): ScheduleValues {
  return {
    name: "",
    enabled: true,
    cron: "0 9 * * 1-5",
    timezone: ownZone(),
    overlap: "skip",
    catchUpSeconds: 3_600,
    jitterSeconds: 0,
    startsAt: "",
    endsAt: "",
    message: "",
    session: NEW_SESSION,
  };
}

/** «2026-11-23T09:00» of a moment, in the time of this browser. */
export function localTime(at: string | null): string {
  if (at === null) return "";
  const moment = new Date(at);
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

function moment(local: string): string | null {
  const at = new Date(local);
  return local === "" || Number.isNaN(at.getTime()) ? null : at.toISOString();
}

export function valuesOf(schedule: Schedule): ScheduleValues {
  return {
    name: schedule.name,
    enabled: schedule.enabled,
    cron: schedule.cron,
    timezone: schedule.timezone,
    overlap: schedule.overlap,
    catchUpSeconds: schedule.catch_up_seconds,
    jitterSeconds: schedule.jitter_seconds,
    startsAt: localTime(schedule.starts_at),
    endsAt: localTime(schedule.ends_at),
    message: schedule.message,
    session: sessionValues(schedule),
  };
}

/** Each field of the API that the form is about; null is its default. */
export function bodyOf(values: ScheduleValues, stored?: Stored): Record<string, unknown> {
  return {
    name: values.name.trim(),
    enabled: values.enabled,
    cron: values.cron.trim(),
    timezone: values.timezone,
    overlap: values.overlap,
    catch_up_seconds: values.catchUpSeconds,
    jitter_seconds: values.jitterSeconds,
    starts_at: moment(values.startsAt),
    ends_at: moment(values.endsAt),
    message: values.message,
    ...sessionFields(values.session, stored),
  };
}

/** The API's names of fields, and the form's. */
export const FIELDS: Record<string, string> = {
  name: "name",
  cron: "cron",
  timezone: "timezone",
  overlap: "overlap",
  catch_up_seconds: "catchUpSeconds",
  jitter_seconds: "jitterSeconds",
  starts_at: "startsAt",
  ends_at: "endsAt",
  message: "message",
};
