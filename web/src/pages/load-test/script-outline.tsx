import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { ScriptCheck } from "@load-manager/contract/api/script.ts";
import type { ScriptOption } from "@load-manager/contract/model/script-outline.ts";
import { type ReactNode, useState } from "react";
import { counted } from "../../format/numbers.ts";
import type { ClassOutline } from "../run-settings/class-choice.ts";
import { useOutline } from "../run-settings/use-outline.ts";
import { type Choice, ProblemList } from "./problem-list.tsx";
import styles from "./script-outline.module.css";

const classesText = (count: number): string =>
  count === 1 ? "1 User class" : `${count} User classes`;

const countOf = ({ weight, fixedCount }: ClassOutline): string => {
  if (fixedCount > 0) return counted(fixedCount, "user");
  return weight === 0 ? "weight 0: only where a run asks for it" : `weight ${weight}`;
};

const Class = ({ outline }: { readonly outline: ClassOutline }): ReactNode => (
  <li>
    <bdi className="mono">{outline.name}</bdi> <span className="muted">{countOf(outline)}</span>
    <ul>
      {outline.tasks.map(({ name, weight, tags }, index) => (
        // Two tasks may have the same name.
        <li key={`${name} ${index}`}>
          <bdi className="mono">{name}</bdi>{" "}
          <span className="muted">
            {[`weight ${weight}`, ...(tags.length === 0 ? [] : [tags.join(", ")])].join("; ")}
          </span>
        </li>
      ))}
    </ul>
  </li>
);

const typeOf = ({ type, whole, multiple, secret, required }: ScriptOption): string =>
  [
    whole === true ? "whole number" : type,
    ...(multiple === true ? ["list"] : []),
    ...(secret ? ["secret"] : []),
    ...(required ? ["required"] : []),
  ].join(", ");

const Option = ({ option }: { readonly option: ScriptOption }): ReactNode => (
  <li>
    <bdi className="mono">{option.name}</bdi>{" "}
    <span className="muted">
      {typeOf(option)}
      {option.default === undefined || option.default === ""
        ? ""
        : `; ${JSON.stringify(option.default)}`}
    </span>
    {option.help !== undefined && <div className="muted">{option.help}</div>}
  </li>
);

const Part = ({
  title,
  none,
  children,
}: {
  readonly title: string;
  readonly none: boolean;
  readonly children: ReactNode;
}): ReactNode => (
  <div>
    <h3>{title}</h3>
    {none ? <p className="muted">none</p> : <ul>{children}</ul>}
  </div>
);

const Known = ({ known }: { readonly known: ScriptCheck }): ReactNode => (
  <div className={styles["parts"]}>
    <Part title="User classes, tasks" none={known.userClasses.length === 0}>
      {known.userClasses.map((one) => (
        <Class key={one.name} outline={one} />
      ))}
    </Part>
    <Part title="Options" none={known.options.length === 0}>
      {known.options.map((one) => (
        <Option key={one.name} option={one} />
      ))}
    </Part>
    <div>
      <Part title="Tags" none={known.tags.length === 0}>
        {known.tags.map((tag) => (
          <li key={tag}>
            <bdi className="mono">{tag}</bdi>
          </li>
        ))}
      </Part>
      <Part title="Load shapes" none={known.shapeClasses.length === 0}>
        {known.shapeClasses.map((name) => (
          <li key={name}>
            <bdi className="mono">{name}</bdi>
          </li>
        ))}
      </Part>
    </div>
  </div>
);

/** What the saved script defines, as its import shows; an error of the import leads to its line. */
export const ScriptOutline = ({
  loadTest,
  onChoose,
}: {
  readonly loadTest: LoadTestAnswer;
  readonly onChoose: (choice: Choice) => void;
}): ReactNode => {
  const [isUnfolded, setUnfolded] = useState(false);
  const { known, reason, problems } = useOutline(loadTest);
  // Runs of a script that cannot be imported fail: that is said to everybody.
  const isOpen = isUnfolded || problems.length > 0;
  const { latestRevision } = loadTest;
  if (latestRevision === undefined) return null;
  return (
    <details
      className={styles["outline"]}
      open={isOpen}
      onToggle={(event) => setUnfolded(event.currentTarget.open)}
    >
      <summary>
        What this script defines{" "}
        <span className="muted">
          revision {latestRevision.revisionNumber}
          {known !== undefined &&
            `: ${classesText(known.userClasses.length)}, ${counted(known.options.length, "option")}, ${counted(known.tags.length, "tag")}`}
        </span>
        {problems.length > 0 && (
          <span className={styles["wrong"]}> {counted(problems.length, "error")}</span>
        )}
      </summary>
      {isOpen && (
        <>
          <ProblemList label="Errors when imported" problems={problems} onChoose={onChoose} />
          {known === undefined && problems.length === 0 && (
            <p className={styles["reason"]}>{reason ?? "The script is being looked at."}</p>
          )}
          {known !== undefined && <Known known={known} />}
        </>
      )}
    </details>
  );
};
