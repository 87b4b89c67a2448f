import { useSyncExternalStore } from "react";
import { connection } from "../api/client.ts";

/** Whether the server of this page does not answer. */
export const useIsLost = (): boolean =>
  useSyncExternalStore(connection.subscribe, connection.isLost);
