import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";

/**
 * The part of a form that some fields are about: they know their own paths and not the form's, so that the same
 * fields stand in the form of a session and, below another name, in those of what starts sessions.
 */
export interface Part<Values> {
  values: Values;
  errors: Readonly<Record<string, ReactNode>>;
  getInputProps(path: string, options?: { type?: "checkbox" }): ReturnType<UseFormReturnType<object>["getInputProps"]>;
  setFieldValue(path: string, value: unknown): void;
  insertListItem(path: string, item: unknown): void;
  removeListItem(path: string, index: number): void;
}

/** The part of a form below a name, with what is known to be wrong there beside what the form itself found. */
export function partOf<Whole, Name extends keyof Whole & string>(
  whole: Part<Whole>,
  name: Name,
  errors: Readonly<Record<string, ReactNode>> = whole.errors,
): Part<Whole[Name]> {
  const at = (path: string): string => `${name}.${path}`;
  const own = Object.entries(errors).filter(([path]) => path.startsWith(at("")));
  return {
    values: whole.values[name],
    errors: Object.fromEntries(own.map(([path, error]) => [path.slice(at("").length), error])),
    getInputProps: (path, options) => ({ ...whole.getInputProps(at(path), options), error: errors[at(path)] }),
    setFieldValue: (path, value) => whole.setFieldValue(at(path), value),
    insertListItem: (path, item) => whole.insertListItem(at(path), item),
    removeListItem: (path, index) => whole.removeListItem(at(path), index),
  };
}
