import { Button, Group, Stack } from "@mantine/core";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { ScriptRevision } from "@load-manager/contract/model/script.ts";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Dialog } from "../../components/dialog.tsx";
import { Failure, Loading } from "../../components/notices.tsx";
import { Panel } from "../../components/panel.tsx";
import { TimeText } from "../../components/time-text.tsx";
import { useMay } from "../../components/use-may.ts";
import { FilesDiff } from "./files-diff.tsx";
import { revisionQuery, revisionsQuery } from "./load-test-queries.ts";
import styles from "./revisions.module.css";
import { NO_FILES } from "../../api/script-files.ts";
import { useSaveRevision } from "./use-script.ts";

const SHOWN = 5;

/** Two revisions to compare; `isRestore` where the second may become the newest. */
type Shown = {
  readonly from: ScriptRevision | undefined;
  readonly to: ScriptRevision;
  readonly isRestore: boolean;
};

const Diff = ({ shown: { from, to } }: { readonly shown: Shown }): ReactNode => {
  const before = useQuery({
    ...revisionQuery(to.loadTestId, from?.id ?? ""),
    enabled: from !== undefined,
  });
  const after = useQuery(revisionQuery(to.loadTestId, to.id));
  const error = before.error ?? after.error;
  if (error !== null) return <Failure what="The revisions cannot be read." error={error} />;
  if (after.data === undefined || (from !== undefined && before.data === undefined))
    return <Loading lines={10} />;
  return (
    <FilesDiff
      before={before.data ?? NO_FILES}
      after={after.data}
      label={`Script of revision ${to.revisionNumber}`}
    />
  );
};

const RestoreButton = ({
  loadTest,
  revision,
  onDone,
}: {
  readonly loadTest: LoadTestAnswer;
  readonly revision: ScriptRevision;
  readonly onDone: () => void;
}): ReactNode => {
  const save = useSaveRevision(loadTest);
  const { data } = useQuery(revisionQuery(loadTest.id, revision.id));
  const restore = (): void => {
    if (data === undefined) return;
    save.mutate(
      {
        baseId: loadTest.latestRevision?.id,
        script: data,
        description: `Restored revision ${revision.revisionNumber}`,
      },
      { onSuccess: onDone },
    );
  };
  return (
    <>
      {save.error !== null && <Failure what="The revision was not restored." error={save.error} />}
      <Button
        variant="filled"
        loading={save.isPending}
        disabled={data === undefined}
        onClick={restore}
      >
        Restore as revision {(loadTest.latestRevision?.revisionNumber ?? 0) + 1}
      </Button>
    </>
  );
};

const titleOf = ({ from, to, isRestore }: Shown): string => {
  if (isRestore) return `Restore revision ${to.revisionNumber}`;
  return from === undefined
    ? `Revision ${to.revisionNumber}, the first`
    : `Revision ${from.revisionNumber} to ${to.revisionNumber}`;
};

const Row = ({
  revision,
  older,
  newest,
  reason,
  onShow,
}: {
  readonly revision: ScriptRevision;
  readonly older: ScriptRevision | undefined;
  readonly newest: ScriptRevision;
  /** Why nothing can be restored now. */
  readonly reason: string | undefined;
  readonly onShow: (shown: Shown) => void;
}): ReactNode => (
  <li className={styles["row"]}>
    <strong>{revision.revisionNumber}</strong>
    <div className={styles["what"]}>
      <div title={revision.description}>
        <bdi>{revision.description ?? "no description"}</bdi>
      </div>
      <div className="muted">
        <bdi>{revision.createdBy}</bdi>, <TimeText ms={revision.createdAt} />
      </div>
    </div>
    <Button
      size="compact-sm"
      variant="subtle"
      aria-label={`Diff of revision ${revision.revisionNumber}`}
      onClick={() => onShow({ from: older, to: revision, isRestore: false })}
    >
      Diff
    </Button>
    {revision.id !== newest.id && (
      <Button
        size="compact-sm"
        variant="subtle"
        aria-label={`Restore revision ${revision.revisionNumber}`}
        disabled={reason !== undefined}
        title={reason}
        onClick={() => onShow({ from: newest, to: revision, isRestore: true })}
      >
        Restore
      </Button>
    )}
  </li>
);

/** Every script that was saved: what each changed, and the way back to it. */
export const Revisions = ({
  loadTest,
  isScriptEdited,
}: {
  readonly loadTest: LoadTestAnswer;
  readonly isScriptEdited: boolean;
}): ReactNode => {
  const revisions = useQuery(revisionsQuery(loadTest.id));
  const mayWrite = useMay("scripts.write", loadTest);
  const [hasAll, setAll] = useState(false);
  // It stays while the dialog closes.
  const [shown, setShown] = useState<Shown | undefined>(undefined);
  const [isOpen, setOpen] = useState(false);
  const items = revisions.data?.items ?? [];
  const [newest] = items;
  if (revisions.error !== null)
    return <Failure what="The revisions cannot be listed." error={revisions.error} />;
  if (newest === undefined) return null;
  const reason = isScriptEdited
    ? "Save or discard your edit first."
    : mayWrite
      ? undefined
      : "This needs the role editor.";
  const close = (): void => setOpen(false);
  const show = (what: Shown): void => {
    setShown(what);
    setOpen(true);
  };
  return (
    <Panel
      title="Revisions"
      end={
        items.length > SHOWN && (
          <Button size="compact-sm" variant="subtle" onClick={() => setAll(!hasAll)}>
            {hasAll ? "Fewer" : `All ${newest.revisionNumber}`}
          </Button>
        )
      }
    >
      <ul>
        {items.slice(0, hasAll ? undefined : SHOWN).map((revision, index) => (
          <Row
            key={revision.id}
            revision={revision}
            older={items[index + 1]}
            newest={newest}
            reason={reason}
            onShow={show}
          />
        ))}
      </ul>
      <Dialog
        isOpen={isOpen}
        onClose={close}
        size={1000}
        title={shown === undefined ? "" : titleOf(shown)}
      >
        {shown !== undefined && (
          <Stack gap="md">
            {shown.isRestore && (
              <p>
                The newest script becomes that of revision {shown.to.revisionNumber} again, as a
                revision of its own; nothing is lost. Below: what changes.
              </p>
            )}
            <div className={styles["diff"]}>
              <Diff shown={shown} />
            </div>
            {shown.isRestore && (
              <Group justify="flex-end" gap="sm">
                <Button onClick={close}>Cancel</Button>
                <RestoreButton loadTest={loadTest} revision={shown.to} onDone={close} />
              </Group>
            )}
          </Stack>
        )}
      </Dialog>
    </Panel>
  );
};
