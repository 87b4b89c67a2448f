import { lazy, type ReactNode, Suspense, useMemo, useState } from "react";
import {
  type Difference,
  differencesOf,
  isPython,
  isShown,
  type ScriptFile,
  type ScriptFiles,
} from "../../api/script-files.ts";
import { Loading } from "../../components/notices.tsx";
import { sizeText } from "../../components/unshown-file.tsx";
import { counted } from "../../format/numbers.ts";
import styles from "./files-diff.module.css";

const ScriptDiff = lazy(() =>
  import("../../editor/script-diff.tsx").then((room) => ({ default: room.ScriptDiff })),
);

/** The first differences are open; each is an editor of its own. */
const OPEN = 8;

const kindOf = ({ before, after }: Difference): string => {
  if (before === undefined) return "new";
  return after === undefined ? "deleted" : "changed";
};

const sizes = ({ before, after }: Difference): string =>
  [before, after]
    .flatMap((file) => (file === undefined ? [] : [sizeText(file)]))
    .join(" before, now ");

const isText = (file: ScriptFile | undefined): boolean => file === undefined || isShown(file);

const OfFile = ({
  difference,
  label,
  isFirst,
}: {
  readonly difference: Difference;
  readonly label: string;
  readonly isFirst: boolean;
}): ReactNode => {
  const { path, before, after } = difference;
  const [isOpen, setOpen] = useState(isFirst);
  return (
    <details
      className={styles["file"]}
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <bdi className="mono">{path}</bdi> <span className="muted">{kindOf(difference)}</span>
      </summary>
      {isOpen &&
        (isText(before) && isText(after) ? (
          <Suspense fallback={<Loading lines={6} />}>
            <ScriptDiff
              before={before?.content ?? ""}
              after={after?.content ?? ""}
              label={label}
              isPython={isPython(path)}
            />
          </Suspense>
        ) : (
          <p className={styles["note"]}>Not shown as text: {sizes(difference)}.</p>
        ))}
    </details>
  );
};

/** Every file that differs between two scripts, line by line where it is text. */
export const FilesDiff = ({
  before,
  after,
  label,
}: {
  readonly before: ScriptFiles;
  readonly after: ScriptFiles;
  readonly label: string;
}): ReactNode => {
  const differences = useMemo(() => differencesOf(before.files, after.files), [before, after]);
  const isOne = differences.length === 1;
  return (
    <>
      {before.files.length > 0 && before.entrypoint !== after.entrypoint && (
        <p className={styles["note"]}>
          Locust runs {after.entrypoint}, before {before.entrypoint}.
        </p>
      )}
      {!isOne && (
        <p className={styles["note"]}>
          {differences.length === 0
            ? "No file differs."
            : `${counted(differences.length, "file")} differ.`}
        </p>
      )}
      {differences.map((difference, index) => (
        <OfFile
          key={difference.path}
          difference={difference}
          label={isOne ? label : `${label}: ${difference.path}`}
          isFirst={index < OPEN}
        />
      ))}
    </>
  );
};
