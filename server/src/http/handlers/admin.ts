import type { ReloadAnswer } from "@load-manager/contract/reload.ts";
import { AppError } from "../../lib/errors.ts";
import type { Handlers } from "../bind.ts";

export const adminHandlers = (deps: {
  readonly reload: () => Promise<ReloadAnswer>;
}): Pick<Handlers, "reloadConfiguration"> => ({
  reloadConfiguration: async ({ caller }) => {
    if (!caller.administrator) {
      const detail = "Only the administrator (security.apiToken) may reload the configuration.";
      throw new AppError("forbidden", detail);
    }
    return { body: await deps.reload() };
  },
});
