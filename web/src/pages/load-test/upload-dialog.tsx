import { Button, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { ProblemError } from "@load-manager/contract/api/http-client.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { type ReactNode, useState } from "react";
import type { ScriptFiles } from "../../api/script-files.ts";
import { CodeText } from "../../components/code-text.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Failure } from "../../components/notices.tsx";
import { bytes, counted, text } from "../../format/numbers.ts";
import styles from "./upload.module.css";
import {
  candidatesOf,
  entrypointAmong,
  pathsAsScript,
  replacementOf,
  type Upload,
} from "./upload.ts";
import { useSaveRevision } from "./use-script.ts";

type Props = {
  readonly loadTest: LoadTestAnswer;
  /** The newest script, which the upload replaces. */
  readonly base: ScriptFiles;
  readonly upload: Upload;
  readonly onClose: () => void;
};

const Paths = ({
  title,
  paths,
}: {
  readonly title: string;
  readonly paths: readonly string[];
}): ReactNode =>
  paths.length === 0 ? null : (
    <div>
      <strong>
        {title}: {counted(paths.length, "file")}
      </strong>
      <CodeText label={title} className={styles["paths"]}>
        {paths.join("\n")}
      </CodeText>
    </div>
  );

/** The further faults that the server names; the first is its sentence. */
const Refusals = ({ error }: { readonly error: unknown }): ReactNode => {
  const faults = error instanceof ProblemError ? (error.problem?.errors ?? []).slice(1) : [];
  return faults.length === 0 ? null : (
    <CodeText label="What else the server refuses" className={styles["paths"]}>
      {faults.map(({ message }) => message).join("\n")}
    </CodeText>
  );
};

const Form = ({ loadTest, base, upload, onClose }: Props): ReactNode => {
  const { name, archive, paths } = upload;
  const [entrypoint, setEntrypoint] = useState(entrypointAmong(paths, base.entrypoint) ?? "");
  const [description, setDescription] = useState("");
  const save = useSaveRevision(loadTest);
  const { latestRevision } = loadTest;
  const after = pathsAsScript(paths, entrypoint);
  const { added, replaced, deleted } = replacementOf(
    base.files.map(({ path }) => path),
    after,
  );
  const send = (): void =>
    save.mutate(
      { baseId: latestRevision?.id, script: { entrypoint, archive }, description },
      { onSuccess: onClose },
    );
  return (
    <Stack gap="md">
      <p>
        {counted(after.length, "file")} of <bdi>{name}</bdi> ({text(bytes(archive.length))}){" "}
        {latestRevision === undefined
          ? "become revision 1."
          : `replace all files of revision ${latestRevision.revisionNumber}, which stays among the revisions.`}
      </p>
      <Paths title="Deleted" paths={deleted} />
      <Paths title="Replaced" paths={replaced} />
      <Paths title="New" paths={added} />
      <NativeSelect
        label="File that Locust runs"
        value={entrypoint}
        data={[...(entrypoint === "" ? [""] : []), ...candidatesOf(paths)]}
        onChange={(event) => setEntrypoint(event.currentTarget.value)}
      />
      <TextInput
        label="What has changed"
        placeholder="optional"
        maxLength={2000}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      {save.error !== null && (
        <div>
          <Failure what="The script was not saved." error={save.error} />
          <Refusals error={save.error} />
        </div>
      )}
      <Group justify="flex-end" gap="sm">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          variant="filled"
          disabled={entrypoint === ""}
          title={entrypoint === "" ? "Choose the file that Locust runs." : undefined}
          loading={save.isPending}
          onClick={send}
        >
          Save as revision {(latestRevision?.revisionNumber ?? 0) + 1}
        </Button>
      </Group>
    </Stack>
  );
};

/** Says what an upload replaces, and sends it. */
export const UploadDialog = ({
  isOpen,
  upload,
  ...props
}: Omit<Props, "upload"> & {
  readonly isOpen: boolean;
  readonly upload: Upload | undefined;
}): ReactNode => (
  <Dialog isOpen={isOpen} onClose={props.onClose} title="Upload script" size={640}>
    {upload !== undefined && <Form upload={upload} {...props} />}
  </Dialog>
);
