import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";

const VERB = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT)$/;

/**
 * Some plugins swap the method and the name of an endpoint: method `/cart`, name `GET`; or method `GET /cart`, name `GET`.
 * The two in their right places; `undefined` where they are not swapped.
 */
export const swappedEndpoint = (
  method: string,
  name: string,
): { readonly method: string; readonly name: string } | undefined => {
  if (!VERB.test(name) || VERB.test(method) || method === "") return undefined;
  const path = method.startsWith(`${name} `) ? method.slice(name.length + 1) : method;
  return { method: name, name: path };
};

/**
 * An endpoint of a posted snapshot: method and name in their places, and without the method where the name holds it, too
 * (`GET` and `GET /x`). Only for snapshots: in Locust's own figures a name is what the script has given.
 */
export const repairedEndpoint = (method: string, name: string) => {
  const { method: verb, name: path } = swappedEndpoint(method, name) ?? { method, name };
  const holdsMethod =
    VERB.test(verb) && path.startsWith(`${verb} `) && path.length > verb.length + 1;
  return { method: verb, name: holdsMethod ? path.slice(verb.length + 1) : path };
};

type Endpoint = SnapshotInput["requestStats"][string];

/** The sum over all endpoints, which some plugins list as an endpoint. */
const isAggregate = ({ method, name }: Endpoint): boolean =>
  /^(Aggregated|Total)$/.test(name) && (method === "" || method === "None");

/** A posted snapshot with its endpoints repaired. Of two that are one endpoint then, the one with more requests counts. */
export const repairedSnapshot = (snapshot: SnapshotInput): SnapshotInput => {
  const requestStats = new Map<string, Endpoint>();
  for (const posted of Object.values(snapshot.requestStats)) {
    if (isAggregate(posted)) continue;
    const endpoint = { ...posted, ...repairedEndpoint(posted.method, posted.name) };
    const key = `${endpoint.method} ${endpoint.name}`;
    const known = requestStats.get(key);
    if (known === undefined || known.numRequests < endpoint.numRequests)
      requestStats.set(key, endpoint);
  }
  const errors = snapshot.errors?.map((error) => ({
    ...error,
    ...repairedEndpoint(error.method, error.name),
  }));
  return {
    ...snapshot,
    requestStats: Object.fromEntries(requestStats),
    ...(errors === undefined ? {} : { errors }),
  };
};
