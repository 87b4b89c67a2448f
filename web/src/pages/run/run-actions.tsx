import { Button, Menu } from "@mantine/core";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import {
  IconDots,
  IconLock,
  IconLockOpen,
  IconPlayerStop,
  IconRotate,
  IconUsers,
} from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { client } from "../../api/client.ts";
import { canStop, isEnded, runQueryOf } from "../../api/queries.ts";
import { Failure } from "../../components/notices.tsx";
import { StopDialog } from "../../components/stop-dialog.tsx";
import { usePhone } from "../../components/use-phone.ts";
import { useMay } from "../../components/use-may.ts";
import { copyText } from "../../lib/copy-text.ts";
import { randomId } from "../../lib/random-id.ts";
import { ChangeLoadDialog } from "./change-load-dialog.tsx";
import { againBodyOf } from "./run-again.ts";
import { UseAsBaseline } from "./use-as-baseline.tsx";
import styles from "./run-head.module.css";

type Dialog = { readonly isOpen: boolean; readonly setOpen: (open: boolean) => void };

/** A new run with the same settings. */
const useRunAgain = (run: RunAnswer) => {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () =>
      client.createRun({
        params: { loadTestId: run.loadTestId ?? "" },
        body: againBodyOf(run),
        idempotencyKey: randomId(),
      }),
    onSuccess: ({ id }) => navigate({ to: "/runs/$runId", params: { runId: id } }),
  });
};

/** Protects a run against deletion, by people and by the retention, or takes that back. */
const useKeep = (run: RunAnswer, onError: (error: Error | null) => void) => {
  const queries = useQueryClient();
  const mayKeep = useMay("runs.keep", run);
  const keep = useMutation({
    mutationFn: () =>
      client.updateRun({
        params: { runId: run.id },
        body: { keep: !run.keep },
        ifMatch: run.version,
      }),
    onMutate: () => onError(null),
    onError,
    onSuccess: (changed) => queries.setQueryData(runQueryOf(run.id).queryKey, changed),
  });
  const title = run.keep
    ? "Kept: it can be deleted only after this is taken back."
    : "Keep it: nobody can delete it, and its metrics stay.";
  return {
    mayKeep,
    title: mayKeep ? title : "This needs the role editor.",
    Icon: run.keep ? IconLock : IconLockOpen,
    onClick: () => keep.mutate(),
  };
};

type ErrorProps = { readonly run: RunAnswer; readonly onError: (error: Error | null) => void };

const Keep = ({ run, onError }: ErrorProps): ReactNode => {
  const { mayKeep, title, Icon, onClick } = useKeep(run, onError);
  return (
    <Button
      leftSection={<Icon size={16} stroke={1.5} />}
      aria-pressed={run.keep}
      disabled={!mayKeep}
      title={title}
      onClick={onClick}
    >
      {run.keep ? "Kept" : "Keep"}
    </Button>
  );
};

/** A phone has room for the two actions that a run is watched for; this is in its menu. */
const KeepItem = ({ run, onError }: ErrorProps): ReactNode => {
  const { mayKeep, title, onClick } = useKeep(run, onError);
  return (
    <Menu.Item disabled={!mayKeep} title={title} onClick={onClick}>
      {run.keep ? "Do not keep any longer" : "Keep"}
    </Menu.Item>
  );
};

const More = ({ run, onError, isPhone }: ErrorProps & { readonly isPhone: boolean }) => {
  const [said, setSaid] = useState("Copy link");
  const copy = async (): Promise<void> =>
    setSaid((await copyText(location.href)) ? "Copied" : "This browser does not let a page copy");
  return (
    <Menu position="bottom-end" withinPortal={false} onClose={() => setSaid("Copy link")}>
      <Menu.Target>
        <Button px={8} aria-label="More actions">
          <IconDots size={16} stroke={1.5} />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {isPhone && <KeepItem run={run} onError={onError} />}
        <Menu.Item onClick={() => void copy()} closeMenuOnClick={false}>
          {said}
        </Menu.Item>
        <Menu.Item
          component="a"
          href={`/v1/runs/${run.id}/metrics/export`}
          download={`${run.name}.csv`}
        >
          Export CSV, one row a second
        </Menu.Item>
        <Menu.Item
          component="a"
          href={`/v1/runs/${run.id}/requests?format=csv`}
          download={`${run.name} requests.csv`}
        >
          Export CSV as Locust’s own
        </Menu.Item>
        {run.settledAt !== undefined && run.loadTestId !== undefined && (
          <UseAsBaseline run={run} loadTestId={run.loadTestId} onError={onError} />
        )}
      </Menu.Dropdown>
    </Menu>
  );
};

const unless = (may: boolean): { readonly disabled?: true; readonly title?: string } =>
  may ? {} : { disabled: true, title: "This needs the role runner." };

/** What can be done with a run now. */
export const RunActions = ({
  run,
  stop,
}: {
  readonly run: RunAnswer;
  readonly stop: Dialog;
}): ReactNode => {
  const [isChanging, setChanging] = useState(false);
  const [changeError, setChangeError] = useState<Error | null>(null);
  const isPhone = usePhone();
  const again = useRunAgain(run);
  const error = again.error ?? changeError;
  const [mayChange, mayStop, mayStart] = [
    useMay("runs.changeLoad", run),
    useMay("runs.stop", run),
    useMay("runs.start", run),
  ];
  return (
    <>
      {error !== null && (
        <Failure what={again.error === null ? "Not changed." : "Not started."} error={error} />
      )}
      <div className={styles["actions"]}>
        {run.status === "Running" && run.loadProfile.kind === "constant" && (
          <Button
            leftSection={<IconUsers size={16} stroke={1.5} />}
            {...unless(mayChange)}
            onClick={() => setChanging(true)}
          >
            Change users
          </Button>
        )}
        {canStop(run) && (
          <Button
            leftSection={<IconPlayerStop size={16} stroke={1.5} />}
            {...unless(mayStop)}
            onClick={() => stop.setOpen(true)}
          >
            {run.status === "Pending" ? "Cancel run" : "Stop run"}
          </Button>
        )}
        {isEnded(run) && run.loadTestId !== undefined && (
          <Button
            leftSection={<IconRotate size={16} stroke={1.5} />}
            loading={again.isPending}
            {...unless(mayStart)}
            onClick={() => again.mutate()}
          >
            Run again
          </Button>
        )}
        {!isPhone && <Keep run={run} onError={setChangeError} />}
        <More run={run} onError={setChangeError} isPhone={isPhone} />
      </div>
      <StopDialog run={run} isOpen={stop.isOpen} onClose={() => stop.setOpen(false)} />
      <ChangeLoadDialog run={run} isOpen={isChanging} onClose={() => setChanging(false)} />
    </>
  );
};
