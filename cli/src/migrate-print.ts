import type { DryCollection } from "@load-manager/legacy-import/dry-run.ts";
import { REPAIRS, type Repair } from "@load-manager/legacy-import/transform/known-faults.ts";
import type { Report } from "@load-manager/legacy-import/report.ts";
import type { Verdict } from "@load-manager/legacy-import/verify/verify.ts";

type Out = (line: string) => void;
type Counted = Pick<DryCollection, "copied" | "left" | "repaired" | "leftDocuments">;

const SHOWN = 5;
const LONGEST = 600;
const short = (text: string): string =>
  text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;

const printCounts = (out: Out, { repaired, left, leftDocuments }: Counted): void => {
  for (const [name, count] of Object.entries(repaired)) {
    out(`    ${count} ${name}: ${REPAIRS[name as Repair]}`);
  }
  if (left === 0) return;
  out(`    ${left} are not understood, and stay as they are:`);
  for (const { id, reasons } of leftDocuments.slice(0, SHOWN))
    out(`      ${id}: ${reasons.join("; ")}`);
  if (left > SHOWN) out(`      and ${left - SHOWN} more`);
};

export const printDry = (out: Out, database: string, found: readonly DryCollection[]): void => {
  if (found.length === 0) {
    out(`The database ${database} holds no data of the older schema.`);
    return;
  }
  out(`What a migration of ${database} would do; nothing has been changed.`);
  for (const one of found) {
    out(`  ${one.collection}: ${one.copied} documents go into ${one.into}`);
    printCounts(out, one);
    for (const { before, after } of one.samples) {
      out(`    - ${short(before)}`);
      out(`    + ${short(after)}`);
    }
  }
};

export const printReport = (out: Out, report: Report, file: string): void => {
  out(`The database ${report.database} is migrated (${report.seconds} s).`);
  for (const one of report.collections) {
    out(
      `  ${one.collection}: ${one.copied} documents are in ${one.into}; the older ones in ${one.backup}`,
    );
    printCounts(out, one);
    if (one.leftIn !== undefined) out(`      All of them: ${one.leftIn}`);
  }
  if (report.untouched.length > 0) {
    out(`  Not Load Manager's, untouched: ${report.untouched.join(", ")}`);
  }
  out(`The report: ${file}`);
  out(
    "To go back: load-manager migrate rollback. To remove the backups: load-manager migrate cleanup.",
  );
};

/** True where everything is as it should be. */
export const printVerdicts = (out: Out, verdicts: readonly Verdict[]): boolean => {
  for (const { collection, old, left, checked, wrong, problems } of verdicts) {
    const state = wrong === 0 ? "right" : `${wrong} problems`;
    out(`  ${collection}: ${old} older documents (${left} left), ${checked} of today: ${state}`);
    for (const problem of problems.slice(0, 20)) out(`    ${problem}`);
  }
  const right = verdicts.every(({ wrong }) => wrong === 0);
  out(right ? "Everything is as it should be." : "Not everything is as it should be.");
  return right;
};
