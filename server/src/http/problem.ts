import type { Socket } from "node:net";
import {
  type Problem,
  PROBLEMS,
  type ProblemKind,
  problemType,
} from "@load-manager/contract/api/problem.ts";
import type { Route } from "@load-manager/contract/api/route.ts";
import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError, messageOf } from "../lib/errors.ts";

const MIB = 1 << 20;
const mebibytes = (bytes: number): string => `${Math.round((bytes / MIB) * 100) / 100} MiB`;

/** With the limit of the content type, and the other form of a script, which may be larger. */
const tooLarge = ({ headers, routeOptions }: FastifyRequest): AppError => {
  const limits: Route["bodyBytes"] = routeOptions.config.bodyBytes;
  const zip = limits?.["application/zip"];
  const isZip = headers["content-type"]?.startsWith("application/zip") === true;
  const limit = (isZip ? zip : limits?.["application/json"]) ?? routeOptions.bodyLimit;
  const otherwise =
    zip === undefined || isZip
      ? ""
      : ` Send the script as a zip archive (Content-Type: application/zip), of at most ${mebibytes(zip)}.`;
  return new AppError(
    "too-large",
    `The body is larger than the ${mebibytes(limit)} that this endpoint accepts.${otherwise}`,
  );
};

/** Fastify's errors as AppErrors; `undefined` for any other error, which is a bug of this program. */
const translate = (error: unknown, request: FastifyRequest): AppError | undefined => {
  if (error instanceof AppError) return error;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return tooLarge(request);
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new AppError(
        "unsupported-media-type",
        "Send the body with Content-Type: application/json.",
      );
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
      return new AppError("validation", "The body is empty; send a JSON object.");
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return new AppError("validation", `The body is not JSON: ${messageOf(error)}`);
    default:
      if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
        return new AppError("validation", messageOf(error));
      }
      return undefined;
  }
};

/** Kinds after which a request may be repeated. */
const RETRIED: ReadonlySet<ProblemKind> = new Set(["unavailable", "too-many-requests"]);
const RETRY_AFTER_SECONDS = 5;

const documentOf = (kind: ProblemKind, detail: string, requestId: string): Problem => ({
  type: problemType(kind),
  title: PROBLEMS[kind].title,
  status: PROBLEMS[kind].status,
  detail,
  requestId,
});

/** Sends any error as problem+json (RFC 9457). Details of unexpected errors go to the log only. */
export const sendProblem = (
  error: unknown,
  reply: FastifyReply,
  requestId: string,
): FastifyReply => {
  const known = translate(error, reply.request);
  if (known === undefined) {
    reply.log.error({ event: "request_failed", err: error, requestId }, "A request failed.");
    const detail = `An internal error occurred. The server's log has the details under ${requestId}.`;
    return send(reply, documentOf("internal", detail, requestId));
  }
  if (known.kind === "unauthorized")
    reply.header("www-authenticate", 'Bearer realm="load-manager"');
  const retryAfter = Number(known.extra["retryAfterSeconds"] ?? RETRY_AFTER_SECONDS);
  if (RETRIED.has(known.kind)) reply.header("retry-after", String(retryAfter));
  return send(reply, {
    ...documentOf(known.kind, known.message, requestId),
    ...(known.fields.length === 0 ? {} : { errors: [...known.fields] }),
    ...known.extra,
  });
};

const KIND_OF_PARSER_ERROR: Readonly<Record<string, ProblemKind>> = {
  HPE_HEADER_OVERFLOW: "headers-too-large",
  ERR_HTTP_REQUEST_TIMEOUT: "request-timeout",
};

/** For what is not HTTP, or not in time: there is no request yet, so the answer is written by hand. */
export const refuseMalformed = (error: { readonly code?: string }, socket: Socket): void => {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const kind = KIND_OF_PARSER_ERROR[error.code ?? ""] ?? "validation";
  const { status, title, meaning } = PROBLEMS[kind];
  const detail = kind === "validation" ? "This is not a complete HTTP request." : meaning;
  const body = JSON.stringify({ type: problemType(kind), title, status, detail });
  socket.end(
    [
      `HTTP/1.1 ${status} ${title}`,
      "Connection: close",
      "Content-Type: application/problem+json; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "",
      body,
    ].join("\r\n"),
  );
};

const send = (reply: FastifyReply, problem: Problem): FastifyReply =>
  reply
    .status(problem.status)
    .header("cache-control", "no-store")
    .type("application/problem+json; charset=utf-8")
    .send(JSON.stringify(problem));
