import { TextInput, type TextInputProps } from "@mantine/core";
import type { ReactNode } from "react";
import type { Field } from "./use-draft.ts";

type Props = Omit<TextInputProps, "value" | "error" | "onChange" | "onBlur"> & {
  readonly field: Field<string>;
  readonly unit?: string;
};

/** A field of a draft, its unit at the end, and its error below it. */
export const DraftText = ({ field, unit, ...props }: Props): ReactNode => (
  <TextInput
    {...props}
    value={field.value}
    error={field.error}
    onChange={(event) => field.onChange(event.currentTarget.value)}
    onBlur={field.onBlur}
    {...(unit === undefined
      ? {}
      : {
          rightSection: <span className="muted">{unit}</span>,
          rightSectionWidth: unit.length * 7 + 16,
          rightSectionPointerEvents: "none" as const,
        })}
  />
);
