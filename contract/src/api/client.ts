import type { z } from "zod";
import { Problem } from "./problem.ts";
import type { Route } from "./route.ts";
import { routes, type Routes } from "./routes.ts";
import { type ChangeEvent, followStream, type StreamEvent } from "./stream.ts";

/** The content type of a live stream. */
const STREAM = "text/event-stream";

type Wire<S> = S extends z.ZodType ? z.input<S> : never;
type Field<R, K extends "params" | "query" | "body"> =
  R extends Record<K, infer S>
    ? object extends Wire<S>
      ? { readonly [P in K]?: Wire<S> }
      : { readonly [P in K]: Wire<S> }
    : unknown;
type Optional<R> = R extends { readonly bodyOptional: true } ? true : false;
type Arguments<R> = Field<R, "params"> &
  Field<R, "query"> &
  (Optional<R> extends true ? Partial<Field<R, "body">> : Field<R, "body">) & {
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
  route: Route,
  { params = {}, query = {} }: AnyArguments,
): string => {
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) =>
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

type Options = {
  /** `""` in a page of the server itself. */
  readonly baseUrl: string;
  /** In a page of the server the cookie of its session does without. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
};

/** Sends a request, whose answer is a success or throws. */
const sender =
  (options: Options) =>
  async (
    route: Route,
    args: AnyArguments,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Response> => {
    const body =
      args.body ?? (route.body !== undefined && route.bodyOptional !== true ? {} : undefined);
    let response: Response;
    try {
      response = await (options.fetch ?? fetch)(addressOf(options.baseUrl, route, args), {
        method: route.method,
        headers: {
          ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(args.ifMatch === undefined ? {} : { "if-match": `"${args.ifMatch}"` }),
          ...(args.idempotencyKey === undefined ? {} : { "idempotency-key": args.idempotencyKey }),
          ...more,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(args.signal === undefined ? {} : { signal: args.signal }),
      });
    } catch (error) {
      if (args.signal?.aborted === true) throw error;
      throw new UnreachableError(options.baseUrl, error);
    }
    if (route.answers[response.status] !== undefined) return response;
    const problem = Problem.safeParse(await response.json().catch(() => undefined));
    throw new ProblemError(response.status, problem.data, retryAfterOf(response.headers));
  };

/** A broken connection, or a server that is busy or restarts, may be tried again; an answer that refuses may not. */
const mayRetry = (error: unknown): boolean =>
  !(error instanceof ProblemError) || error.status === 429 || error.status >= 500;

const waitOf = (error: unknown): number | undefined =>
  error instanceof ProblemError && error.retryAfterSeconds !== undefined
    ? error.retryAfterSeconds * 1000
    : undefined;

/**
 * A client of a Load Manager server, for Node and for browsers. Its functions reject with ProblemError or UnreachableError.
 * `streamRun` is iterated: `for await (const event of client.streamRun({ params: { runId } }))`; it connects again where the
 * connection breaks, ends with the run, and throws UnreadableStreamError where it is no stream of this API. `streamChanges` likewise, but
 * it ends with its signal only.
 */
export const createClient = (options: Options): Client => {
  const send = sender(options);
  const call = async (route: Route, args: AnyArguments = {}): Promise<unknown> => {
    const response = await send(route, args);
    const shape = route.answers[response.status];
    if (shape === null || shape === undefined) return undefined;
    return typeof shape === "string" ? response.text() : shape.parse(await response.json());
  };
  const stream = (route: Route, args: AnyArguments = {}): AsyncIterable<ChangeEvent> => {
    const { lastEventId, ...query } = args.query ?? {};
    const open = (id: string | undefined): Promise<Response> =>
      send(route, { ...args, query }, id === undefined ? {} : { "last-event-id": id });
    return followStream(open, {
      lastEventId: typeof lastEventId === "string" ? lastEventId : undefined,
      endless: route === routes.streamChanges,
      signal: args.signal,
      mayRetry,
      waitOf,
    });
  };
  const bound = Object.entries(routes).map(([key, route]: [string, Route]) => [
    key,
    (args?: AnyArguments) =>
      route.answers[200] === STREAM ? stream(route, args) : call(route, args),
  ]);
  return Object.fromEntries(bound) as Client;
};
