import { PLUGIN_PROTOCOL } from "@load-manager/contract/plugin/protocol.ts";
import { PluginStatus } from "@load-manager/contract/plugin/status.ts";
import { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import { AppError } from "../../lib/errors.ts";
import { settingRefused } from "../run-settings.ts";
import { ask, clockAhead, type Reply } from "../locust-http.ts";

type StatusReply =
  | {
      readonly kind: "status";
      readonly status: PluginStatus;
      /** How far the master's wall clock is certainly ahead of the server's; 0 where that is less than a second. */
      readonly clockAheadMs: number;
    }
  /** A Locust answers, but our plugin is not in it. */
  | { readonly kind: "no-plugin" }
  /** The plugin answers, and nothing more can be said: it has another protocol. */
  | { readonly kind: "other-protocol"; readonly message: string }
  | { readonly kind: "silent"; readonly refused: boolean; readonly message: string };

/** Speaks to the plugin inside one master. Commands reject with AppError where the plugin refuses or is silent. */
export type PluginClient = {
  readonly status: () => Promise<StatusReply>;
  readonly command: (name: "attach" | "start" | "users" | "stop", body: object) => Promise<void>;
};

const STATUS_TIMEOUT_MS = 4000;
const COMMAND_TIMEOUT_MS = 10_000;

const Refusal = z.object({
  error: z.string(),
  message: z.string().optional(),
  field: z.string().optional(),
});

const refusalOf = (name: string, { status, json }: { status: number; json: unknown }): AppError => {
  const { data: answer } = Refusal.safeParse(json);
  const detail = answer?.message ?? answer?.error ?? "no reason given";
  return answer?.error === "setting_refused"
    ? settingRefused(detail, answer.field)
    : new AppError("conflict", `Locust refused to ${name} (${status}): ${detail}`);
};

/** Tries the tokens in order while they are refused, so that a callback token may be rotated during a run. */
export const createPluginClient = (
  baseUrl: string,
  tokens: () => readonly string[],
  clock: Pick<Clock, "now">,
): PluginClient => {
  const base = baseUrl.replace(/\/+$/, "");
  const request = async (path: string, timeoutMs: number, body?: object): Promise<Reply> => {
    let reply: Reply | undefined;
    const known = tokens();
    for (const token of known.length === 0 ? [""] : known) {
      reply = await ask(
        `${base}/load-manager/${path}`,
        {
          method: body === undefined ? "GET" : "POST",
          headers: {
            ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
            ...(body === undefined ? {} : { "content-type": "application/json" }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          timeoutMs,
        },
        clock,
      );
      if (reply.kind !== "answer" || reply.status !== 401) break;
    }
    return reply ?? { kind: "silent", refused: false, message: "no token to try" };
  };
  return {
    status: async () => {
      const reply = await request("status", STATUS_TIMEOUT_MS);
      if (reply.kind === "silent") return reply;
      if (reply.status === 404) return { kind: "no-plugin" };
      const silent = (message: string): StatusReply => ({
        kind: "silent",
        refused: false,
        message,
      });
      if (reply.status === 401) {
        return silent(
          `${base}: the plugin refuses our token; LOAD_MANAGER_TOKEN there must be security.locustCallbackToken here`,
        );
      }
      if (reply.status !== 200) return silent(`${base}: status ${reply.status}`);
      const { data: answer } = z.object({ protocol: z.number() }).safeParse(reply.json);
      if (answer !== undefined && answer.protocol !== PLUGIN_PROTOCOL) {
        const message = `${base}: the plugin has protocol ${answer.protocol}, this server has protocol ${PLUGIN_PROTOCOL}; install the plugin of this server's version there`;
        return { kind: "other-protocol", message };
      }
      const parsed = PluginStatus.safeParse(reply.json);
      return parsed.success
        ? {
            kind: "status",
            status: parsed.data,
            clockAheadMs: clockAhead(reply, parsed.data.wallMs),
          }
        : silent(
            `${base}: the plugin's answer is not understood; install the plugin of this server's version there`,
          );
    },
    command: async (name, body) => {
      const reply = await request(name, COMMAND_TIMEOUT_MS, body);
      if (reply.kind === "silent") throw new AppError("unavailable", reply.message);
      if (reply.status >= 300) throw refusalOf(name, reply);
    },
  };
};
