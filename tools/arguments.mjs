// The arguments of the npm scripts. They are checked before anything is installed.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ROOT, Stop } from "./steps.mjs";

/** Levenshtein distance. */
const distance = (one, other) => {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (const [j, wanted] of [...other].entries()) {
      const changed = row[j] + (letter === wanted ? 0 : 1);
      next.push(Math.min(changed, row[j + 1] + 1, next[j] + 1));
    }
    row = next;
  }
  return row.at(-1);
};

/** ` (did you mean X?)` if a known name is similar, otherwise an empty text. */
export const didYouMean = (name, known) => {
  const near = [...known]
    .map((one) => ({ one, edits: distance(name, one) }))
    .filter(({ one, edits }) => edits <= Math.min(3, Math.ceil(one.length / 3)))
    .toSorted((a, b) => a.edits - b.edits)[0];
  return near === undefined ? "" : ` (did you mean ${near.one}?)`;
};

const described = (options) => {
  const all = Object.entries(options).map(([name, value]) =>
    value === undefined ? name : `${name} ${value}`,
  );
  return all.length === 0 ? "it has no options" : `it has ${all.join(", ")}`;
};

/**
 * Separates words from options. `options`: name → a word for its value, or `undefined` if it has none.
 * → { words, given: [name, value] of each option, rest: the options as they were }.
 */
export const parse = (script, args, options = {}) => {
  /** @type {{ words: string[], given: string[][], rest: string[] }} */
  const parsed = { words: [], given: [], rest: [] };
  for (let at = 0; at < args.length; at += 1) {
    const [name, ...after] = args[at].split("=");
    if (!name.startsWith("-")) {
      parsed.words.push(args[at]);
      continue;
    }
    if (!Object.hasOwn(options, name)) {
      const near = didYouMean(name, Object.keys(options));
      throw new Stop(`${script} has no option ${name}${near}; ${described(options)}.`);
    }
    parsed.rest.push(args[at]);
    if (options[name] === undefined) {
      if (after.length > 0) throw new Stop(`${script} -- ${name} takes no value.`);
      parsed.given.push([name, undefined]);
      continue;
    }
    if (after.length === 0) {
      at += 1;
      if (args[at] === undefined) throw new Stop(`${script} -- ${name} needs ${options[name]}.`);
      parsed.rest.push(args[at]);
    }
    parsed.given.push([name, after.length > 0 ? after.join("=") : args[at]]);
  }
  return parsed;
};

const noWords = (script, words, takes = "nothing") => {
  if (words.length > 0) throw new Stop(`${script} takes ${takes}, not ${words.join(" ")}.`);
};

export const noArguments = (script, args) => noWords(script, parse(script, args).words);

/** → the minutes that `npm run test:soak -- ARGS` takes. */
export const soakMinutes = (script, args) => {
  const { words, given } = parse(script, args, { "--hours": "N" });
  noWords(script, words, "--hours N");
  const hours = given.at(-1)?.[1];
  if (hours === undefined) return 20;
  if (!(Number(hours) > 0))
    throw new Stop(`${script} -- --hours takes a number above 0, not ${hours}.`);
  return Number(hours) * 60;
};

export const checkLong = (script, args) => {
  const { words } = parse(script, args);
  const isCount = (word) => /^\d+$/.test(word) && Number.isSafeInteger(Number(word));
  const wrong =
    words.find((word) => !isCount(word)) ?? (Number(words[0]) === 0 ? words[0] : words[2]);
  if (wrong !== undefined) {
    throw new Stop(`${script} takes HISTORIES and SEED, two whole numbers, not ${wrong}.`);
  }
};

export const checkFormat = (script, args) => {
  const lost = parse(script, args).words.filter((path) => !existsSync(resolve(ROOT, path)));
  if (lost.length > 0) {
    throw new Stop(`${script} formats every file, or those at a path; there is no ${lost[0]}.`);
  }
};

/** The measurements of bench/main.ts. */
export const BENCHES = [
  "histograms",
  "store",
  "ingest",
  "day",
  "charts",
  "live",
  "criteria",
  "lifecycle",
  "start",
  "page",
  "plugin",
  "capacity",
];

/** The reason why a folder cannot be measured; `undefined` if it can. */
export const notMeasurable = (tree) => {
  if (!existsSync(join(tree, "cli/bin/load-manager.js")))
    return `${tree} is not a checkout of Load Manager.`;
  if (!existsSync(join(tree, "node_modules")))
    return `${tree} has no node_modules; run npm ci there first.`;
  return undefined;
};

export const checkBench = (script, args) => {
  const { words, given } = parse(script, args, { "--against": "DIR", "--pairs": "N" });
  const { "--against": tree, "--pairs": pairs } = Object.fromEntries(given);
  if (tree === undefined) {
    if (pairs !== undefined) throw new Stop(`${script} -- --pairs goes with --against DIR.`);
    const unknown = words.find((word) => !BENCHES.some((name) => name.includes(word)));
    if (unknown === undefined) return;
    const near = didYouMean(unknown, BENCHES);
    throw new Stop(`There is no bench ${unknown}${near}; there are ${BENCHES.join(", ")}.`);
  }
  const reason = notMeasurable(resolve(ROOT, tree));
  if (reason !== undefined) throw new Stop(`${script} -- --against: ${reason}`);
  if (pairs !== undefined && !(Math.floor(Number(pairs)) > 0))
    throw new Stop(`${script} -- --pairs takes a whole number above 0, not ${pairs}.`);
};
