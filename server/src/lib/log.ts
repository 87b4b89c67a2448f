/** What the program needs of its logger: pino's shape. */
export type Log = {
  readonly debug: (data: object, message: string) => void;
  readonly info: (data: object, message: string) => void;
  readonly warn: (data: object, message: string) => void;
  readonly error: (data: object, message: string) => void;
};
