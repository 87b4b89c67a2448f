import { useState } from "react";
import type { FieldErrors } from "../api/form-errors.ts";

export type Field<Value> = {
  readonly value: Value;
  readonly error: string | undefined;
  readonly onChange: (value: Value) => void;
  readonly onBlur: () => void;
};

/**
 * What somebody types into a form. Errors show at a field once it was left, or when the form is sent; those of the server
 * until the field changes.
 */
export const useDraft = <Draft extends object>(
  initial: Draft,
  errorsOf: (draft: Draft) => FieldErrors,
) => {
  const [draft, setDraft] = useState(initial);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [isSent, setSent] = useState(false);
  const [refused, setRefused] = useState<FieldErrors>({});
  const errors = errorsOf(draft);
  const reset = (to: Draft): void => {
    setDraft(to);
    setLeft(new Set());
    setSent(false);
    setRefused({});
  };
  /** The error of exactly this path, such as `loadProfile.stages[2].users`. */
  const errorAt = (path: string): string | undefined =>
    refused[path] ?? (isSent || left.has(path) ? errors[path] : undefined);
  /** `path`: the name of the field in errors, where it is another. */
  const field = <Name extends keyof Draft & string>(
    name: Name,
    path: string = name,
  ): Field<Draft[Name]> => {
    const messageIn = (all: FieldErrors): string | undefined =>
      all[path] ?? Object.entries(all).find(([key]) => key.startsWith(`${path}[`))?.[1];
    return {
      value: draft[name],
      error: messageIn(refused) ?? (isSent || left.has(name) ? messageIn(errors) : undefined),
      onChange: (value) => {
        setDraft((before) => ({ ...before, [name]: value }));
        setRefused({});
      },
      onBlur: () => setLeft((before) => new Set([...before, name])),
    };
  };
  return {
    draft,
    field,
    errorAt,
    /** The paths of all errors that show, of fields that are not in sight too. */
    wrong: Object.keys({ ...errors, ...refused }).filter((path) => errorAt(path) !== undefined),
    /** Changes several fields at once. */
    set: (changed: Partial<Draft>): void => {
      setDraft((before) => ({ ...before, ...changed }));
      setRefused({});
    },
    /** Says that somebody has left the field of this path. */
    leave: (path: string): void => setLeft((before) => new Set([...before, path])),
    reset,
    isValid: Object.keys(errors).length === 0,
    /** Shows every error. → whether there is none. */
    check: (): boolean => {
      setSent(true);
      return Object.keys(errors).length === 0;
    },
    refuse: setRefused,
  };
};
