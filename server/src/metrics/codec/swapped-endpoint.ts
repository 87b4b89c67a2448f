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
