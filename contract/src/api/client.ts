import type { z } from "zod";
import { Problem } from "./problem.ts";
import type { Route } from "./route.ts";
import { routes, type Routes } from "./routes.ts";

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
  };

type Answered<R extends Route> = {
  [S in keyof R["answers"]]: R["answers"][S] extends z.ZodType
    ? z.output<R["answers"][S]>
    : R["answers"][S] extends string
      ? string
      : undefined;
}[keyof R["answers"]];

/** One function per operation. Requests have the API's form, responses the program's, with times in Unix ms. */
export type Client = {
  readonly [K in keyof Routes]: object extends Arguments<Routes[K]>
    ? (args?: Arguments<Routes[K]>) => Promise<Answered<Routes[K]>>
    : (args: Arguments<Routes[K]>) => Promise<Answered<Routes[K]>>;
};

/** The server responded with an error. `problem` is its document (RFC 9457), if it sent one. */
class ProblemError extends Error {
  readonly status: number;
  readonly problem: Problem | undefined;
  constructor(status: number, problem: Problem | undefined) {
    super(problem?.detail ?? `The server responded with status ${status}.`);
    this.name = "ProblemError";
    this.status = status;
    this.problem = problem;
  }
}

/** The server cannot be reached. */
class UnreachableError extends Error {
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

/** A client of a Load Manager server. Rejects with ProblemError or UnreachableError. */
export const createClient = (options: {
  readonly baseUrl: string;
  readonly token?: string;
  readonly fetch?: typeof fetch;
}): Client => {
  const call = async (route: Route, args: AnyArguments = {}): Promise<unknown> => {
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
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new UnreachableError(options.baseUrl, error);
    }
    const shape = route.answers[response.status];
    if (shape === undefined) {
      const problem = Problem.safeParse(await response.json().catch(() => undefined));
      throw new ProblemError(response.status, problem.data);
    }
    if (shape === null) return undefined;
    return typeof shape === "string" ? response.text() : shape.parse(await response.json());
  };
  const bound = Object.entries(routes).map(([key, route]) => [
    key,
    (args?: AnyArguments) => call(route, args),
  ]);
  return Object.fromEntries(bound) as Client;
};
