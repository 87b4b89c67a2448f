import { Button } from "@mantine/core";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { ScriptProblem } from "@load-manager/contract/api/script.ts";
import { lazy, type ReactNode, Suspense, useMemo, useState } from "react";
import { isPython, isShown, type ScriptFile, type ScriptFiles } from "../../api/script-files.ts";
import { Empty, Failure, Loading } from "../../components/notices.tsx";
import { UnshownFile } from "../../components/unshown-file.tsx";
import { useMay } from "../../components/use-may.ts";
import { STARTER_SCRIPT } from "../load-tests/starter-script.ts";
import { FileBar } from "./file-bar.tsx";
import { FileList } from "./file-list.tsx";
import { fileRows, shownPath } from "./file-tree.ts";
import { FilesDiff } from "./files-diff.tsx";
import { type Choice, ProblemList } from "./problem-list.tsx";
import { ScriptOutline } from "./script-outline.tsx";
import styles from "./script-panel.module.css";
import { UploadButtons } from "./upload-buttons.tsx";
import type { Script } from "./use-script.ts";
import type { Uploading } from "./use-upload.ts";

const ScriptEditor = lazy(() =>
  import("../../editor/script-editor.tsx").then((room) => ({ default: room.ScriptEditor })),
);

type Props = {
  readonly loadTest: LoadTestAnswer;
  readonly script: Script;
  readonly uploading: Uploading;
};
const NONE: readonly never[] = [];

const FileView = ({
  file,
  before,
  choice,
  problems,
  mayWrite,
  onChange,
}: {
  readonly file: ScriptFile | undefined;
  readonly before: ScriptFile | undefined;
  readonly choice: Choice | undefined;
  readonly problems: readonly ScriptProblem[];
  readonly mayWrite: boolean;
  readonly onChange: (path: string, file: ScriptFile | undefined) => void;
}): ReactNode => {
  const target = useMemo(
    () => (choice?.line === undefined ? undefined : { line: choice.line }),
    [choice],
  );
  if (file === undefined)
    return (
      <div className={styles["unshown"]}>
        <p>The next revision is without this file.</p>
        {before !== undefined && (
          <Button size="compact-sm" onClick={() => onChange(before.path, before)}>
            Keep file
          </Button>
        )}
      </div>
    );
  if (!isShown(file))
    return (
      <div className={styles["unshown"]}>
        <UnshownFile file={file} />
      </div>
    );
  const { path } = file;
  return (
    <Suspense fallback={<Loading lines={12} />}>
      <ScriptEditor
        key={path}
        value={file.content}
        onChange={(content) => onChange(path, { path, content, encoding: "utf-8" })}
        problems={problems}
        isReadOnly={!mayWrite}
        label={path}
        isPython={isPython(path)}
        target={target}
      />
    </Suspense>
  );
};

const Files = ({
  loadTest,
  script,
  base,
  mayWrite,
  uploading,
}: Props & {
  readonly base: ScriptFiles;
  readonly mayWrite: boolean;
}): ReactNode => {
  const [choice, setChoice] = useState<Choice | undefined>(undefined);
  const { script: now, check, change } = script;
  const rows = useMemo(() => fileRows(base.files, now.files), [base, now]);
  const shown = shownPath(rows, choice?.path, now.entrypoint);
  const file = now.files.find(({ path }) => path === shown);
  const errors = check?.errors ?? NONE;
  const problems = useMemo(() => errors.filter((one) => one.file === shown), [errors, shown]);
  const show = (path: string): void => setChoice({ path });
  return (
    <>
      <FileBar
        script={now}
        file={file}
        path={shown}
        mayWrite={mayWrite}
        onChange={change}
        onShow={show}
      >
        <UploadButtons uploading={uploading} />
      </FileBar>
      <ProblemList
        label="Errors in other files"
        problems={errors.filter((one) => one.file !== shown)}
        onChoose={setChoice}
      />
      <div className={styles["work"]}>
        <div className={rows.length > 1 ? styles["both"] : undefined}>
          {rows.length > 1 && <FileList rows={rows} shown={shown} errors={errors} onShow={show} />}
          <div className={styles["view"]}>
            <FileView
              file={file}
              before={base.files.find(({ path }) => path === shown)}
              choice={choice}
              problems={problems}
              mayWrite={mayWrite}
              onChange={change}
            />
          </div>
        </div>
      </div>
      <ScriptOutline loadTest={loadTest} onChoose={setChoice} />
    </>
  );
};

/** The files of the newest script and what an edit makes of them, or what the edit changes. */
export const ScriptBody = ({
  loadTest,
  script,
  isDiff,
  uploading,
}: Props & { readonly isDiff: boolean }): ReactNode => {
  const { revision, edit, base, change } = script;
  const { entrypoint } = script.script;
  const mayWrite = useMay("scripts.write", loadTest);
  if (revision.error !== null && edit === undefined)
    return (
      <Failure
        what="The script cannot be read."
        error={revision.error}
        onRetry={() => void revision.refetch()}
      />
    );
  if (loadTest.latestRevision === undefined && edit === undefined)
    return (
      <Empty title="No script">
        <p>Runs use the script that the cluster’s own Locust was started with.</p>
        <Button
          disabled={!mayWrite}
          onClick={() =>
            change(entrypoint, { path: entrypoint, content: STARTER_SCRIPT, encoding: "utf-8" })
          }
        >
          Write one
        </Button>{" "}
        <UploadButtons uploading={uploading} />
      </Empty>
    );
  if (base === undefined) return <Loading lines={12} />;
  if (isDiff && edit !== undefined)
    return <FilesDiff before={base} after={script.script} label="What your edit changes" />;
  return (
    <Files
      loadTest={loadTest}
      script={script}
      base={base}
      mayWrite={mayWrite}
      uploading={uploading}
    />
  );
};
