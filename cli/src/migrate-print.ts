import type { DryCollection } from "@load-manager/legacy-import/dry-run.ts";
import { REPAIRS } from "@load-manager/legacy-import/transform/known-faults.ts";
import type { Report } from "@load-manager/legacy-import/report.ts";
import type { Verification } from "@load-manager/legacy-import/verify/verification.ts";

type Out = (line: string) => void;
type Counted = Pick<
  DryCollection,
  "copied" | "left" | "firstRevisions" | "repaired" | "leftDocuments"
>;

const SHOWN = 5;
const LONGEST = 600;
const short = (text: string): string =>
  text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;

const printCounts = (out: Out, counted: Counted, become: "become" | "became"): void => {
  const { firstRevisions, repaired, left, leftDocuments } = counted;
  if (firstRevisions > 0)
    out(
      `    ${firstRevisions} scripts in load tests ${become} the first revision of their load test`,
    );
  for (const [repair, count] of Object.entries(repaired)) {
    const [name = "", field] = repair.split(": ");
    const where = field === undefined ? "" : ` (${field})`;
    out(`    ${count} ${name}${where}: ${REPAIRS[name as keyof typeof REPAIRS]}`);
  }
  if (left === 0) return;
  out(`    ${left} are not understood and stay where they are:`);
  for (const { id, reasons } of leftDocuments.slice(0, SHOWN))
    out(`      ${id}: ${reasons.join("; ")}`);
  if (left > SHOWN) out(`      and ${left - SHOWN} more`);
};

export const printDry = (out: Out, database: string, found: readonly DryCollection[]): void => {
  if (found.length === 0) {
    out(`The database ${database} holds no data of the older schema.`);
    return;
  }
  out(`A migration of ${database} would do this; nothing has been changed.`);
  for (const one of found) {
    out(`  ${one.collection}: ${one.copied} documents into ${one.into}`);
    printCounts(out, one, "become");
    for (const { before, after } of one.samples) {
      out(`    - ${short(JSON.stringify(before))}`);
      out(`    + ${short(JSON.stringify(after))}`);
    }
  }
};

export const printReport = (out: Out, report: Report, file: string): void => {
  out(`The database ${report.database} is migrated (${report.seconds} s).`);
  for (const one of report.collections) {
    out(
      `  ${one.collection}: ${one.copied} documents are in ${one.into}; the older ones in ${one.backup}`,
    );
    printCounts(out, one, "became");
    if (one.leftIn !== undefined) out(`      All of them are in ${one.leftIn}`);
  }
  if (report.untouched.length > 0) {
    out(`  Collections of other programs, unchanged: ${report.untouched.join(", ")}`);
  }
  out(`Report: ${file}`);
  out(
    "To restore the older data: load-manager migrate rollback. To remove the backups: load-manager migrate cleanup.",
  );
};

/** True where there are no faults. */
export const printVerifications = (out: Out, verifications: readonly Verification[]): boolean => {
  for (const { collection, older, left, checked, faultCount, faults } of verifications) {
    const state = faultCount === 0 ? "correct" : `${faultCount} faults`;
    out(
      `  ${collection}: ${older} older documents (${left} left), ${checked} new documents: ${state}`,
    );
    for (const fault of faults.slice(0, 20)) out(`    ${fault}`);
  }
  const right = verifications.every(({ faultCount }) => faultCount === 0);
  out(right ? "The verification found no faults." : "The verification found faults.");
  return right;
};
