import type { z } from "zod";
import type { Problem } from "./problem.ts";
import type { Route } from "./route.ts";
import type { Routes } from "./routes.ts";
import { type ChangeEvent, followStream, type ReadEvent, type StreamEvent } from "./stream.ts";

/** The content type of an archive. */
export const ZIP = "application/zip";

/**
 * How one operation is called. `answers`: how the body of each success is read: as JSON, by a function that gives it the
 * program's form; as a text, as bytes, as a stream, or not at all.
 */
export type Operation = {
  readonly method: string;
  readonly path: string;
  /** Whether it always sends a body. */
  readonly sendsBody: boolean;
  readonly answers: Readonly<
    Record<number, "text" | "bytes" | "stream" | "none" | ((json: unknown) => unknown)>
  >;
};

type Wire<S> = S extends z.ZodType ? z.input<S> : never;
type Field<R, K extends "params" | "query" | "body", Other = never> =
  R extends Record<K, infer S>
    ? object extends Wire<S>
      ? { readonly [P in K]?: Wire<S> | Other }
      : { readonly [P in K]: Wire<S> | Other }
    : unknown;
/** The other form of a body: the bytes of a zip archive. */
type Archive<R> = R extends { readonly bodyBytes: { readonly "application/zip": number } }
  ? Uint8Array<ArrayBuffer>
  : never;
type Optional<R> = R extends { readonly bodyOptional: true } ? true : false;
type Arguments<R> = Field<R, "params"> &
  Field<R, "query"> &
  (Optional<R> extends true ? Partial<Field<R, "body">> : Field<R, "body", Archive<R>>) & {
    /** The request changes only this version of the object; a newer one is a ProblemError with status 412. */
    readonly ifMatch?: number;
    /** A POST with the same key is carried out once, however often it is sent. */
    readonly idempotencyKey?: string;
    /** Ends the request, or the stream, which then rejects with the signal's reason. */
    readonly signal?: AbortSignal;
  };

type Answered<R extends Route> = {
  [S in keyof R["answers"]]: R["answers"][S] extends z.ZodType
    ? z.output<R["answers"][S]>
    : R["answers"][S] extends typeof ZIP
      ? Uint8Array<ArrayBuffer>
      : R["answers"][S] extends string
        ? string
        : undefined;
}[keyof R["answers"]];

/** A live stream is iterated; everything else is awaited. */
type Result<K extends keyof Routes> = K extends "streamChanges"
  ? AsyncIterable<ChangeEvent>
  : K extends "streamRun"
    ? AsyncIterable<StreamEvent>
    : Promise<Answered<Routes[K]>>;

/** One function per operation. Requests have the API's form, responses the program's, with times in Unix ms. */
export type Client = {
  readonly [K in keyof Routes]: object extends Arguments<Routes[K]>
    ? (args?: Arguments<Routes[K]>) => Result<K>
    : (args: Arguments<Routes[K]>) => Result<K>;
};

/**
 * The server responded with an error. `problem` is its document (RFC 9457), if it sent one; `retryAfterSeconds` when it may
 * be asked again, if it said so.
 */
export class ProblemError extends Error {
  readonly status: number;
  readonly problem: Problem | undefined;
  readonly retryAfterSeconds: number | undefined;
  constructor(status: number, problem: Problem | undefined, retryAfterSeconds?: number) {
    super(problem?.detail ?? `The server responded with status ${status}.`);
    this.name = "ProblemError";
    this.status = status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The document of a problem; `undefined` where the answer is something else, such as that of a proxy. */
const problemOf = (json: unknown): Problem | undefined => {
  if (typeof json !== "object" || json === null) return undefined;
  const { type, title, status, detail } = json as Partial<Record<keyof Problem, unknown>>;
  const isProblem =
    [type, title, detail].every((text) => typeof text === "string") && typeof status === "number";
  return isProblem ? (json as Problem) : undefined;
};

/** The server sends seconds, and no date. */
const retryAfterOf = (headers: Headers): number | undefined => {
  const given = headers.get("retry-after")?.trim() ?? "";
  return /^\d{1,9}$/.test(given) ? Number(given) : undefined;
};

/** The server cannot be reached. */
export class UnreachableError extends Error {
  constructor(baseUrl: string, cause: unknown) {
    super(`The server at ${baseUrl} does not respond. Is it running, and is the address correct?`, {
      cause,
    });
    this.name = "UnreachableError";
  }
}

type AnyArguments = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly ifMatch?: number;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
};

const addressOf = (
  baseUrl: string,
  operation: Operation,
  { params = {}, query = {} }: AnyArguments,
): string => {
  const path = operation.path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ""),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) search.append(name, String(one));
    }
  }
  return `${baseUrl.replace(/\/+$/, "")}${path}${search.size === 0 ? "" : `?${search.toString()}`}`;
};

export type ClientOptions = {
  /** `""` in a page of the server itself. */
  readonly baseUrl: string;
  /** In a page of the server the cookie of its session does without. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
};

const isArchive = (body: unknown): body is Uint8Array<ArrayBuffer> => body instanceof Uint8Array;

/** Sends a request, whose answer is a success or throws. */
const sender =
  (options: ClientOptions) =>
  async (
    operation: Operation,
    args: AnyArguments,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Response> => {
    const body = args.body ?? (operation.sendsBody ? {} : undefined);
    let response: Response;
    try {
      response = await (options.fetch ?? fetch)(addressOf(options.baseUrl, operation, args), {
        method: operation.method,
        headers: {
          ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
          ...(body === undefined
            ? {}
            : { "content-type": isArchive(body) ? ZIP : "application/json" }),
          ...(args.ifMatch === undefined ? {} : { "if-match": `"${args.ifMatch}"` }),
          ...(args.idempotencyKey === undefined ? {} : { "idempotency-key": args.idempotencyKey }),
          ...more,
        },
        ...(body === undefined ? {} : { body: isArchive(body) ? body : JSON.stringify(body) }),
        ...(args.signal === undefined ? {} : { signal: args.signal }),
      });
    } catch (error) {
      if (args.signal?.aborted === true) throw error;
      throw new UnreachableError(options.baseUrl, error);
    }
    if (operation.answers[response.status] !== undefined) return response;
    const problem = problemOf(await response.json().catch(() => undefined));
    throw new ProblemError(response.status, problem, retryAfterOf(response.headers));
  };

/** A broken connection, or a server that is busy or restarts, may be tried again; an answer that refuses may not. */
const mayRetry = (error: unknown): boolean =>
  !(error instanceof ProblemError) || error.status === 429 || error.status >= 500;

const waitOf = (error: unknown): number | undefined =>
  error instanceof ProblemError && error.retryAfterSeconds !== undefined
    ? error.retryAfterSeconds * 1000
    : undefined;

/** A client of these operations; `read` gives an event of a stream the program's form. */
export const clientOf = (
  operations: Readonly<Record<string, Operation>>,
  read: ReadEvent,
  options: ClientOptions,
): Client => {
  const send = sender(options);
  const call = async (operation: Operation, args: AnyArguments = {}): Promise<unknown> => {
    const response = await send(operation, args);
    const reading = operation.answers[response.status];
    if (reading === "text") return response.text();
    if (reading === "bytes") return new Uint8Array(await response.arrayBuffer());
    return typeof reading === "function" ? reading(await response.json()) : undefined;
  };
  const stream = (
    key: string,
    operation: Operation,
    args: AnyArguments = {},
  ): AsyncIterable<ChangeEvent> => {
    const { lastEventId, ...query } = args.query ?? {};
    const open = (id: string | undefined): Promise<Response> =>
      send(operation, { ...args, query }, id === undefined ? {} : { "last-event-id": id });
    return followStream(open, {
      lastEventId: typeof lastEventId === "string" ? lastEventId : undefined,
      endless: key === "streamChanges",
      signal: args.signal,
      read,
      mayRetry,
      waitOf,
    });
  };
  const bound = Object.entries(operations).map(([key, operation]) => [
    key,
    (args?: AnyArguments) =>
      operation.answers[200] === "stream" ? stream(key, operation, args) : call(operation, args),
  ]);
  return Object.fromEntries(bound) as Client;
};
