import { useForm, type FormErrors, type UseFormReturnType } from "@mantine/form";
import { useCallback, useEffect, useRef } from "react";

import { dropDraft, loadDraft, saveDraft } from "./drafts";
import type { SessionValues } from "./session";

interface Holds {
  session: SessionValues;
}

/** A form whose unsaved values survive a reload; `initial` is what is saved, or what a new one begins with. */
export function useTriggerForm<T extends Holds>(options: {
  initial: T;
  draft: string;
  validate: (values: T) => FormErrors;
}): { form: UseFormReturnType<T>; changeSession: (change: Partial<SessionValues>) => void; forget: () => void } {
  const { initial, draft, validate } = options;
  const started = useRef<T | null>(null);
  started.current ??= loadDraft(draft, initial) ?? initial;
  const form = useForm<T>({ initialValues: started.current, validate, validateInputOnBlur: true });
  const kept = useRef(true);
  const { values } = form;
  useEffect(() => {
    if (!kept.current) return;
    if (JSON.stringify(values) === JSON.stringify(initial)) dropDraft(draft);
    else saveDraft(draft, values);
  }, [values, initial, draft]);
  const { setFieldValue } = form;
  const changeSession = (change: Partial<SessionValues>): void => {
    for (const [name, value] of Object.entries(change)) {
      (setFieldValue as (path: string, value: unknown) => void)(`session.${name}`, value);
    }
  };
  const forget = useCallback(() => {
    kept.current = false;
    dropDraft(draft);
  }, [draft]);
  return { form, changeSession, forget };
}

const WRONG = ':is([aria-invalid="true"], [data-error="true"], [data-invalid="true"])';
/** A fold that opens for the field takes some frames; it is not waited for longer. */
const MOST_FRAMES = 30;

/** Whoever sends a form that is not right is brought to the first field that is not. */
export function showFirstError(): void {
  bringTo(0);
}

function bringTo(frames: number): void {
  requestAnimationFrame(() => {
    // what frames a field is marked as well, and cannot take the focus
    const field =
      document.querySelector<HTMLElement>(`form :is(input, textarea, button)${WRONG}`) ?? document.querySelector<HTMLElement>(`form ${WRONG}`);
    if ((field === null || field.getClientRects().length === 0) && frames < MOST_FRAMES) return bringTo(frames + 1);
    field?.scrollIntoView({ block: "center" });
    field?.focus({ preventScroll: true });
  });
}
