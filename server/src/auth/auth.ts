import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { SessionStore } from "../stores/model/session.ts";
import { createAccessWatch } from "./access-watch.ts";
import { createAuthentication, replaceableAuthentication } from "./authenticate.ts";
import { createAuthenticator } from "./authenticator.ts";
import { createSessions } from "./sessions.ts";

type Tokens = Parameters<typeof createAuthentication>[0];
/** The section `security` of the configuration. */
type Security = Omit<Tokens, "callbackTokens"> & {
  readonly locustCallbackToken: Tokens["callbackTokens"];
};

type Deps = {
  readonly config: {
    readonly security: Security;
    readonly server: { readonly publicUrl?: string | undefined };
  };
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly log: Log;
};

const authenticationOf = ({ apiToken, apiTokens, locustCallbackToken }: Security) =>
  createAuthentication({ apiToken, apiTokens, callbackTokens: locustCallbackToken });

/** Who is who: the tokens of the configuration, which a reload replaces, and the sessions that they have begun. */
export const createAuth = ({ config, sessions: store, clock, log }: Deps) => {
  const { security, server } = config;
  const { publicUrl } = server;
  const authentication = replaceableAuthentication(authenticationOf(security));
  const accessWatch = createAccessWatch(log);
  const onEnd = accessWatch.job.wake;
  const sessions = createSessions({ store, authentication, clock, log, onEnd });
  /** Their tokens do not count any more, whether the store answers or not; the hourly expiry tries again. */
  const endSessionsWithoutToken = async (): Promise<void> => {
    await sessions.endWithoutToken().catch((error: unknown) => {
      log.warn(
        { event: "sessions_not_ended", error: messageOf(error) },
        "Sessions whose token is no longer configured were not deleted from the store.",
      );
    });
  };
  return {
    sessions,
    accessWatch,
    publicUrl,
    authenticator: createAuthenticator(authentication, sessions, publicUrl),
    isOpen: () => authentication.open,
    tokenless: () => ({ user: authentication.open, locust: authentication.isLocust(undefined) }),
    endSessionsWithoutToken,
    setSecurity: async (changed: Security): Promise<void> => {
      authentication.replace(authenticationOf(changed));
      accessWatch.job.wake();
      await endSessionsWithoutToken();
    },
  };
};
export type Auth = ReturnType<typeof createAuth>;
