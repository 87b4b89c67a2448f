import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";

export type EndpointRule = NonNullable<LoadTestAnswer["endpointGroups"]>[number];

const NAME = " = ";

/** The rules as text, one a line: `pattern`, `METHOD pattern`, each perhaps with ` = name`. */
export const textOfRules = (rules: readonly EndpointRule[]): string =>
  rules
    .map(
      ({ pattern, name, method }) =>
        `${method === undefined ? "" : `${method} `}${pattern}${name === undefined ? "" : `${NAME}${name}`}`,
    )
    .join("\n");

const ruleOf = (line: string): EndpointRule => {
  const [left = "", ...names] = line.split(NAME);
  const name = names.join(NAME).trim();
  const { method, pattern = left.trim() } =
    /^(?<method>[A-Z]+)\s+(?<pattern>\S.*)$/.exec(left.trim())?.groups ?? {};
  return {
    pattern,
    ...(name === "" ? {} : { name }),
    ...(method === undefined ? {} : { method }),
  };
};

const linesOf = (text: string): { readonly line: string; readonly number: number }[] =>
  text
    .split("\n")
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "");

/** What somebody has typed; empty lines are left out. */
export const rulesOfText = (text: string): EndpointRule[] =>
  linesOf(text).map(({ line }) => ruleOf(line));

/** The number of the line that has the rule of this index. */
export const lineOfRule = (text: string, index: number): number | undefined =>
  linesOf(text)[index]?.number;

/** Whether the text says all of the rules: a method in small letters, which the API takes, has no line. */
export const isTextOf = (text: string, rules: readonly EndpointRule[]): boolean => {
  const read = rulesOfText(text);
  return (
    read.length === rules.length &&
    read.every((one, index) => {
      const rule = rules[index];
      return one.pattern === rule?.pattern && one.name === rule.name && one.method === rule.method;
    })
  );
};

/** The patterns that an event proposes, without those that a rule for each method has already. */
export const proposedRules = (
  data: Readonly<Record<string, unknown>> | undefined,
  rules: readonly EndpointRule[],
): EndpointRule[] => {
  const proposal = data?.["proposal"];
  return (Array.isArray(proposal) ? proposal : []).flatMap((one: unknown) => {
    const pattern = typeof one === "object" && one !== null && "pattern" in one && one.pattern;
    if (typeof pattern !== "string") return [];
    const isThere = rules.some((rule) => rule.pattern === pattern && rule.method === undefined);
    return isThere ? [] : [{ pattern }];
  });
};
