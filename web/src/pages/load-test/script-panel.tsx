import { Button, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { ScriptProblem } from "@load-manager/contract/api/script.ts";
import { type ReactNode, useState } from "react";
import { messageOf } from "../../api/client.ts";
import { Failure } from "../../components/notices.tsx";
import { Panel } from "../../components/panel.tsx";
import { useMay } from "../../components/use-may.ts";
import { counted } from "../../format/numbers.ts";
import { DropArea } from "./drop-area.tsx";
import { ScriptBody } from "./script-body.tsx";
import { isOvertaken } from "./script-edit.ts";
import styles from "./script-panel.module.css";
import { UploadDialog } from "./upload-dialog.tsx";
import type { Script } from "./use-script.ts";
import { useUpload } from "./use-upload.ts";

type Props = { readonly loadTest: LoadTestAnswer; readonly script: Script };

/** Where a problem is; in the file that Locust runs the line says enough. */
const placeOf = ({ file, line }: ScriptProblem, { script: { entrypoint } }: Script): string => {
  if (file === entrypoint) return line === undefined ? "The script" : `Line ${line}`;
  return line === undefined ? file : `${file}, line ${line},`;
};

/** Why the edit cannot be saved now. */
const reasonOf = ({ loadTest, script }: Props, mayWrite: boolean): string | undefined => {
  const { edit, base, check, isChecking } = script;
  if (!mayWrite) return "This needs the role editor.";
  if (edit === undefined) return "Nothing has changed.";
  if (isOvertaken(edit, loadTest)) return "Choose first what to do with the newer revision.";
  if (base === undefined) return "The newer revision is being read.";
  const [error] = check?.errors ?? [];
  if (error !== undefined && !isChecking) return `${placeOf(error, script)} does not compile.`;
  return undefined;
};

const Status = ({ script: { edit, check, isChecking, checkError } }: Props): ReactNode => {
  if (edit === undefined) return null;
  if (isChecking) return "Checking";
  if (checkError !== null) return `Not checked: ${messageOf(checkError)}`;
  const errors = check?.errors.length ?? 0;
  if (errors === 0) return "Compiles";
  return (
    <span className={styles["wrong"]}>
      <IconAlertTriangle size={14} stroke={1.5} aria-hidden /> {errors}{" "}
      {errors === 1 ? "error" : "errors"}
    </span>
  );
};

const Actions = ({
  loadTest,
  script,
  isDiff,
  onDiff,
  description,
  onSaved,
}: Props & {
  readonly isDiff: boolean;
  readonly onDiff: () => void;
  readonly description: string;
  readonly onSaved: () => void;
}): ReactNode => {
  const mayWrite = useMay("scripts.write", loadTest);
  const { edit, discard, save, saveAs } = script;
  const reason = reasonOf({ loadTest, script }, mayWrite);
  return (
    <>
      <span role="status">
        <Status loadTest={loadTest} script={script} />
      </span>
      <Button
        size="compact-sm"
        disabled={edit === undefined}
        aria-pressed={isDiff}
        onClick={onDiff}
      >
        {isDiff ? "Edit" : "Diff"}
      </Button>
      <Button size="compact-sm" disabled={edit === undefined} onClick={discard}>
        Discard
      </Button>
      <Button
        size="compact-sm"
        variant={reason === undefined ? "filled" : "default"}
        disabled={reason !== undefined}
        title={reason}
        loading={save.isPending}
        onClick={() => saveAs(description, onSaved)}
      >
        Save revision {(loadTest.latestRevision?.revisionNumber ?? 0) + 1}
      </Button>
    </>
  );
};

const Overtaken = ({ loadTest, script: { rebase, discard } }: Props): ReactNode => (
  <div className={styles["notice"]} role="alert">
    <p>
      <strong>Revision {loadTest.latestRevision?.revisionNumber} was saved meanwhile.</strong> Your
      edit began before it. Nothing is overwritten until you choose.
    </p>
    <Button size="compact-sm" onClick={discard}>
      Open theirs, discard mine
    </Button>
    <Button size="compact-sm" onClick={rebase}>
      Save mine on top of it
    </Button>
  </div>
);

const Foot = ({
  loadTest,
  script,
  description,
  onDescription,
}: Props & {
  readonly description: string;
  readonly onDescription: (text: string) => void;
}): ReactNode => (
  <footer className={styles["foot"]}>
    {script.edit === undefined ? (
      <span>
        Each save is a revision of its own; runs keep the one that they ran. Tab indents, Esc and
        then Tab leaves the editor.
      </span>
    ) : (
      <TextInput
        size="xs"
        className={styles["description"] ?? ""}
        aria-label="What has changed"
        placeholder="What has changed (optional)"
        maxLength={2000}
        value={description}
        onChange={(event) => onDescription(event.currentTarget.value)}
      />
    )}
    <span className={styles["kind"]}>
      {script.edit !== undefined && loadTest.latestRevision !== undefined
        ? `Runs go on with revision ${loadTest.latestRevision.revisionNumber} until you save. `
        : ""}
      {script.script.files.length > 1 ? "" : "Python, UTF-8"}
    </span>
  </footer>
);

/** Why nothing can be uploaded now. */
const useUploadReason = (loadTest: LoadTestAnswer, { edit, base }: Script): string | undefined => {
  const mayWrite = useMay("scripts.write", loadTest);
  if (!mayWrite) return "This needs the role editor.";
  if (edit !== undefined) return "Save or discard your edit first.";
  return base === undefined ? "The script has not been read." : undefined;
};

/** The files of the script, to edit; each save is a new revision. */
export const ScriptPanel = ({ loadTest, script }: Props): ReactNode => {
  const [isDiff, setDiff] = useState(false);
  const [description, setDescription] = useState("");
  const { edit, check, save } = script;
  const { files, entrypoint } = script.script;
  const number = loadTest.latestRevision?.revisionNumber;
  const uploading = useUpload(useUploadReason(loadTest, script));
  const showsDiff = isDiff && edit !== undefined;
  return (
    <DropArea uploading={uploading}>
      <Panel
        title="Script"
        sub={
          <>
            {files.length > 1 ? (
              counted(files.length, "file")
            ) : (
              <span className="mono">{entrypoint}</span>
            )}
            {number !== undefined && `, revision ${number}`}
            {edit !== undefined && ", edited"}
          </>
        }
        end={
          <Actions
            loadTest={loadTest}
            script={script}
            isDiff={showsDiff}
            onDiff={() => setDiff(!isDiff)}
            description={description}
            onSaved={() => setDescription("")}
          />
        }
      >
        {isOvertaken(edit, loadTest) && <Overtaken loadTest={loadTest} script={script} />}
        {save.error !== null && edit !== undefined && (
          <Failure what="The script was not saved." error={save.error} />
        )}
        {uploading.error !== null && (
          <Failure what="Nothing was uploaded." error={uploading.error} />
        )}
        <ScriptBody loadTest={loadTest} script={script} isDiff={showsDiff} uploading={uploading} />
        {check?.warnings.map(({ file, line, message }) => (
          <p key={`${file}${line}${message}`} className={styles["warning"]}>
            {file === entrypoint ? "" : `${file}: `}
            {line === undefined ? "" : `Line ${line}: `}
            {message}
          </p>
        ))}
        <Foot
          loadTest={loadTest}
          script={script}
          description={description}
          onDescription={setDescription}
        />
        {script.base !== undefined && (
          <UploadDialog
            loadTest={loadTest}
            base={script.base}
            isOpen={uploading.isOpen}
            upload={uploading.upload}
            onClose={uploading.close}
          />
        )}
      </Panel>
    </DropArea>
  );
};
