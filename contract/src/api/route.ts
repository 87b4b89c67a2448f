import type { z } from "zod";
import type { Permission } from "./access.ts";

/** Who may call: anybody, Locust with its callback token, or a user whose role has the permission. */
type Authorization =
  | {
      readonly caller: "anyone";
      /** Also under a foreign name on a server without tokens: the answer says nothing about the server. */
      readonly anyHost?: true;
    }
  | { readonly caller: "locust" }
  | {
      readonly caller: "user";
      readonly permission: Permission;
      /** Fields of the body that need another permission besides. */
      readonly fieldPermissions?: Readonly<Record<string, Permission>>;
    };

/** One endpoint as data: everything else (validation, OpenAPI, docs, client types) is derived from it. */
export type Route = Authorization & {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/v1/runs/:runId` */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Content types of the body and their most bytes; elsewhere JSON of 1 MiB. A zip archive reaches the handler as bytes. */
  readonly bodyBytes?: {
    readonly "application/json": number;
    readonly "application/zip"?: number;
  };
  /** True where every field of the body is optional, so that it may be absent. */
  readonly bodyOptional?: boolean;
  /** The success answer by status; `null` has no body; a string names a content type that is not JSON. */
  readonly answers: Readonly<Record<number, z.ZodType | string | null>>;
  /** The version of the answered object is the answer's ETag. */
  readonly etag?: true;
  /** Honours If-Match: the version of the object that the path names. */
  readonly ifMatch?: true;
};

export const route = <const R extends Route>(definition: R): R => definition;
