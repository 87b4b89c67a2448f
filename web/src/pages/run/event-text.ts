import { RUN_STATUSES } from "@load-manager/contract/model/run-status.ts";
import type { RunEvent } from "@load-manager/contract/model/run.ts";
import { wordOf } from "../../components/run-state.tsx";

/** What an event says, with the page's word for a status: `Failed: …` would read as a verdict. */
export const eventText = ({ type, message }: Pick<RunEvent, "type" | "message">): string => {
  const status = RUN_STATUSES.find((one) => message === one || message.startsWith(`${one}:`));
  return type === "status" && status !== undefined
    ? `${wordOf(status)}${message.slice(status.length)}`
    : message;
};
