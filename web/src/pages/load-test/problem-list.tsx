import type { ScriptProblem } from "@load-manager/contract/api/script.ts";
import type { ReactNode } from "react";
import styles from "./script-panel.module.css";

/** The file to show, and the line to go to. */
export type Choice = { readonly path: string; readonly line?: number | undefined };

/** What is wrong in a script, each with the way to its line; nothing where nothing is. */
export const ProblemList = ({
  label,
  problems,
  onChoose,
}: {
  readonly label: string;
  readonly problems: readonly ScriptProblem[];
  readonly onChoose: (choice: Choice) => void;
}): ReactNode =>
  problems.length === 0 ? null : (
    <ul className={styles["elsewhere"]} aria-label={label}>
      {problems.map(({ file, line, message }) => (
        <li key={`${file} ${line} ${message}`}>
          <button type="button" onClick={() => onChoose({ path: file, line })}>
            {line === undefined ? file : `${file}, line ${line}`}
          </button>
          : {message}
        </li>
      ))}
    </ul>
  );
