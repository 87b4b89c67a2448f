import { formatFigure } from "@load-manager/contract/criteria/format.ts";
import type { CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import type { Stats } from "@load-manager/contract/model/stats.ts";
import { endSentence, loadSeconds, type ReportedRun, verdictSentence } from "./reported-run.ts";

const MOST_CRITERIA = 20;
const MOST_ENDPOINTS = 5;
const LONGEST_TEXT = 200;

const SIGNS = { passed: "✓", failed: "✗", inconclusive: "?", none: "–" } as const;

/** Without what would end the line, or is no character. */
const plainLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, " ").toWellFormed();

/** A text of somebody else as Markdown that shows it as it is: in one line, without HTML, links or cells of its own. */
const escapeMarkdown = (text: string): string => {
  const line = plainLine(text).replaceAll(/\s+/g, " ").trim();
  const short = line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT)}…` : line;
  return short
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\\`*_[\]|~$#!]/g, String.raw`\$&`);
};

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  // The first column is text, the others are figures.
  const rule = heads.map((_, column) => (column === 0 ? "---" : "--:"));
  return [line(heads), line(rule), ...rows.map(line)].join("\n");
};

const count = (value: number | null): string => (value === null ? "–" : String(value));
const figure = (value: number | null, unit: "ms" | "%" | "/s"): string =>
  value === null ? "–" : formatFigure(value, unit);

const RANKS = ["failed", "inconclusive", "passed"] as const;

/** Failed ones before those that nobody can decide, in each rank those that decide the verdict first. */
const worstFirst = (criteria: readonly CriterionVerdict[]): CriterionVerdict[] => {
  const rank = ({ verdict, severity }: CriterionVerdict): number =>
    RANKS.indexOf(verdict) * 2 + (severity === "fail" ? 0 : 1);
  return criteria.toSorted((a, b) => rank(a) - rank(b));
};

const criterionRow = (one: CriterionVerdict): string[] => {
  const { name, expression, verdict, severity, observed, unit, limit, requests, reason } = one;
  const named = name === undefined ? "" : `${escapeMarkdown(name)}: `;
  const why = [
    ...(severity === "warn" ? ["a warning only"] : []),
    ...(one.close === true ? ["close to its limit"] : []),
    ...(reason === undefined ? [] : [escapeMarkdown(reason.message)]),
  ].join("; ");
  return [
    `${SIGNS[verdict]} ${named}${escapeMarkdown(expression)}`,
    observed === null ? "–" : formatFigure(observed, unit, limit),
    count(requests),
    why,
  ];
};

const criteriaTable = (criteria: readonly CriterionVerdict[]): string[] => {
  if (criteria.length === 0) return [];
  const rows = worstFirst(criteria);
  const more = rows.length - MOST_CRITERIA;
  return [
    table(
      ["Criterion", "Observed", "Requests", ""],
      rows.slice(0, MOST_CRITERIA).map(criterionRow),
    ),
    ...(more > 0 ? [`${more} more, none of them worse.`] : []),
  ];
};

const statsCells = (stats: Omit<Stats, "timedRequests">): string[] => [
  count(stats.totalRequests),
  figure(stats.errorRate, "%"),
  figure(stats.requestsPerSec, "/s"),
  figure(stats.avgResponseMs, "ms"),
  figure(stats.p50ResponseMs, "ms"),
  figure(stats.p95ResponseMs, "ms"),
  figure(stats.p99ResponseMs, "ms"),
];

const STATS_HEADS = ["Requests", "Failed", "req/s", "avg", "p50", "p95", "p99"];

const keyFigures = ({ run }: ReportedRun): string[] => {
  const { summary } = run;
  if (summary === undefined || summary.totalRequests === 0) return [];
  const seconds = loadSeconds(run);
  const load = seconds === undefined ? "–" : `${Math.round(seconds)} s`;
  const heads = ["Load", "Users", ...STATS_HEADS];
  const incomplete = "Not all metrics have arrived: the totals may be too low.";
  return [
    table(heads, [[load, count(summary.maxUsers), ...statsCells(summary)]]),
    ...(summary.complete ? [] : [incomplete]),
  ];
};

const worstEndpoints = ({ endpoints }: ReportedRun): string[] => {
  if (endpoints.length === 0) return [];
  const rows = endpoints.toSorted(
    (a, b) =>
      (b.errorRate ?? 0) - (a.errorRate ?? 0) || (b.p95ResponseMs ?? 0) - (a.p95ResponseMs ?? 0),
  );
  const shown = rows.slice(0, MOST_ENDPOINTS);
  const title =
    rows.length > shown.length
      ? `The ${shown.length} worst of ${rows.length} endpoints, by failures, then by p95:`
      : "Endpoints, by failures, then by p95:";
  const cells = shown.map((one) => [
    escapeMarkdown(`${one.method} ${one.name}`),
    ...statsCells(one),
  ]);
  return [title, table(["Endpoint", ...STATS_HEADS], cells)];
};

const sectionOf = (reported: ReportedRun, level: string): string[] => {
  const { run, url } = reported;
  const { verdict, criterionVerdicts = [], statusReason } = run;
  const log = statusReason?.logTail ?? [];
  const sentence = `${run.name} ${verdictSentence(reported)}`;
  // The end is told where the verdict does not tell it.
  const end = verdict === "none" ? "" : endSentence(run);
  return [
    `${level} ${SIGNS[verdict]} ${escapeMarkdown(sentence)}`,
    ...(end === "" ? [] : [escapeMarkdown(end)]),
    // Indented lines are code: nothing in them is Markdown.
    ...(log.length === 0 ? [] : [log.map((line) => `    ${plainLine(line)}`).join("\n")]),
    ...criteriaTable(criterionVerdicts),
    ...keyFigures(reported),
    ...worstEndpoints(reported),
    ...(url === undefined ? [] : [`[The run's page](<${url}>)`]),
  ];
};

const overview = (runs: readonly ReportedRun[]): string[] => {
  const passed = runs.filter(({ run }) => run.verdict === "passed").length;
  const rows = runs.map(({ run }) => [
    `${SIGNS[run.verdict]} ${escapeMarkdown(run.name)}`,
    run.verdict === "none" ? run.status : run.verdict,
    ...(run.summary === undefined ? STATS_HEADS.map(() => "–") : statsCells(run.summary)),
  ]);
  return [
    `## ${passed} of ${runs.length} runs passed.`,
    table(["Run", "Verdict", ...STATS_HEADS], rows),
  ];
};

/** The runs as Markdown for a job summary: of several runs an overview, then of each its verdict, criteria, figures and endpoints. */
export const markdownOf = (runs: readonly ReportedRun[]): string => {
  const isOne = runs.length === 1;
  const blocks = [
    ...(isOne ? [] : overview(runs)),
    ...runs.flatMap((reported) => sectionOf(reported, isOne ? "##" : "###")),
  ];
  return `${blocks.join("\n\n")}\n`;
};
