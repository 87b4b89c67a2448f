/** `event` is the line's stable name, in snake_case; the rest are its fields. */
type LogFields = { readonly event: string } & Readonly<Record<string, unknown>>;

/** The part of pino that the program uses. */
export type Log = {
  readonly debug: (fields: LogFields, message: string) => void;
  readonly info: (fields: LogFields, message: string) => void;
  readonly warn: (fields: LogFields, message: string) => void;
  readonly error: (fields: LogFields, message: string) => void;
};
