/**
 * A pattern of endpoints. `*` stands for any text; `\*` and `\\` are the characters themselves. It is compared with an
 * endpoint's `METHOD name`, and with its name alone.
 */
type Part = { readonly text: string } | "any";

/** The parts of a pattern; `undefined` where a backslash stands before something else than `*` or `\`. */
const partsOf = (pattern: string): Part[] | undefined => {
  const parts: Part[] = [];
  let text = "";
  for (let index = 0; index < pattern.length; index += 1) {
    const letter = pattern.charAt(index);
    if (letter === "*") {
      parts.push({ text }, "any");
      text = "";
    } else if (letter === "\\") {
      index += 1;
      const escaped = pattern.charAt(index);
      if (escaped !== "*" && escaped !== "\\") return undefined;
      text += escaped;
    } else text += letter;
  }
  return [...parts, { text }];
};

export const isEndpointPattern = (pattern: string): boolean =>
  pattern !== "" && partsOf(pattern) !== undefined;

/** The pattern that is this text alone. */
export const literalPattern = (text: string): string => text.replaceAll(/[*\\]/g, "\\$&");

/** Finds the texts between the stars one after another, which is linear in practice and never backtracks. */
const matches = (parts: readonly Part[], text: string): boolean => {
  const texts = parts.filter((part) => part !== "any").map((part) => part.text);
  const [first = "", ...others] = texts;
  if (others.length === 0) return text === first;
  const last = others.at(-1) ?? "";
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  if (text.length < first.length + last.length) return false;
  const end = text.length - last.length;
  let from = first.length;
  for (const middle of others.slice(0, -1)) {
    const at = text.indexOf(middle, from);
    if (at < 0 || at + middle.length > end) return false;
    from = at + middle.length;
  }
  return true;
};

/** A test for the endpoints of a pattern. A pattern that is none matches nothing. */
export const endpointMatcher = (
  pattern: string,
): ((endpoint: { readonly method: string; readonly name: string }) => boolean) => {
  const parts = partsOf(pattern);
  if (parts === undefined) return () => false;
  return ({ method, name }) => matches(parts, `${method} ${name}`) || matches(parts, name);
};
