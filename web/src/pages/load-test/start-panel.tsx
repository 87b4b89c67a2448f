import { Button, Textarea } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, type SyntheticEvent, useRef, useState } from "react";
import { client } from "../../api/client.ts";
import { type FieldErrors, refusedFields } from "../../api/form-errors.ts";
import { runQueryOf } from "../../api/queries.ts";
import { DraftText } from "../../components/draft-fields.tsx";
import { Failure } from "../../components/notices.tsx";
import { Panel, PanelBody } from "../../components/panel.tsx";
import { useDraft } from "../../components/use-draft.ts";
import { useMay } from "../../components/use-may.ts";
import { typedDuration } from "../../format/times.ts";
import { randomId } from "../../lib/random-id.ts";
import { numberOf, typedSeconds } from "../../format/typed.ts";
import { ProfileFields } from "../run-settings/profile-fields.tsx";
import { SettingsSections } from "../run-settings/settings-sections.tsx";
import { useCluster } from "../run-settings/use-cluster.ts";
import { useOutline } from "../run-settings/use-outline.ts";
import { ClusterNote } from "./cluster-note.tsx";
import { ExpectedStartText } from "./expected-start-text.tsx";
import { planOfRamp } from "../../components/load-plan.ts";
import { rampOf } from "../../components/ramp.ts";
import { RampPreview } from "../../components/ramp-preview.tsx";
import {
  followed,
  type StartDraft,
  startBodyOf,
  startDraftOf,
  startErrors,
} from "./start-draft.ts";
import styles from "./start-panel.module.css";

type Props = {
  readonly loadTest: LoadTestAnswer;
  readonly last: RunAnswer | undefined;
  /** Whether the editor has a script that is not saved, and so does not run. */
  readonly isScriptEdited: boolean;
};

const useStart = (
  loadTest: LoadTestAnswer,
  draft: StartDraft,
  refuse: (errors: FieldErrors) => void,
) => {
  const { id: loadTestId } = loadTest;
  const queries = useQueryClient();
  const navigate = useNavigate();
  // One click too many starts no second run: the same request has the same key until it has succeeded.
  const key = useRef({ body: "", id: "" });
  return useMutation({
    mutationFn: () => {
      const body = startBodyOf(draft, loadTest);
      const text = JSON.stringify(body);
      if (key.current.body !== text) key.current = { body: text, id: randomId() };
      return client.createRun({
        params: { loadTestId },
        body,
        idempotencyKey: key.current.id,
      });
    },
    onError: (error) => refuse(refusedFields(error)),
    onSuccess: async (run) => {
      queries.setQueryData(runQueryOf(run.id).queryKey, run);
      void queries.invalidateQueries({ queryKey: ["runs"] });
      await navigate({ to: "/runs/$runId", params: { runId: run.id } });
    },
  });
};

const Facts = ({ loadTest, isScriptEdited }: Omit<Props, "last">): ReactNode => (
  <dl className={styles["list"]}>
    <div>
      <dt>Script</dt>
      <dd>
        {loadTest.latestRevision === undefined
          ? "none: the cluster’s own script runs"
          : `revision ${loadTest.latestRevision.revisionNumber}`}
        {isScriptEdited && (
          <>
            , <strong>not your unsaved edit</strong>
          </>
        )}
      </dd>
    </div>
    <div>
      <dt>Cluster</dt>
      <dd>
        <ClusterNote loadTest={loadTest} />
      </dd>
    </div>
    <div>
      <dt>Expected start</dt>
      <dd>
        <ExpectedStartText loadTest={loadTest} />
      </dd>
    </div>
  </dl>
);

type Form = ReturnType<typeof useDraft<StartDraft>>;

const durationHint = ({ defaultDurationSec }: LoadTestAnswer): string =>
  defaultDurationSec === undefined ? "until stopped" : typedDuration(defaultDurationSec);

/** Constant load, and how its users will rise. */
const ConstantFields = ({
  loadTest,
  form: { draft, field },
}: {
  readonly loadTest: LoadTestAnswer;
  readonly form: Form;
}): ReactNode => {
  const users = numberOf(draft.targetUsers) ?? loadTest.defaultUsers;
  const ramp = rampOf(
    users,
    numberOf(draft.spawnRate) ?? loadTest.defaultSpawnRate,
    typedSeconds(draft.duration) ?? loadTest.defaultDurationSec,
  );
  return (
    <>
      <div className={styles["load"]}>
        <DraftText
          label="Users"
          inputMode="numeric"
          placeholder={String(loadTest.defaultUsers)}
          field={field("targetUsers")}
        />
        <DraftText
          label="Spawn rate"
          inputMode="decimal"
          unit="users/s"
          placeholder={String(loadTest.defaultSpawnRate)}
          field={field("spawnRate")}
        />
        <DraftText
          label="Duration"
          placeholder={durationHint(loadTest)}
          field={field("duration", "durationSeconds")}
        />
      </div>
      <RampPreview plan={planOfRamp(ramp, users)} />
    </>
  );
};

/** What runs, and how it is called. */
const Fields = ({
  loadTest,
  form,
}: {
  readonly loadTest: LoadTestAnswer;
  readonly form: Form;
}): ReactNode => {
  const { draft, field } = form;
  const outline = useOutline(loadTest);
  const cluster = useCluster(loadTest);
  // A run that names no number has the cluster's.
  const stored = { ...loadTest, workers: loadTest.workers ?? cluster?.workers };
  const notes = field("notes");
  return (
    <>
      <ProfileFields
        form={form}
        outline={outline}
        first={{
          duration: draft.duration || "1 min",
          users: draft.targetUsers,
          spawnRate: draft.spawnRate,
        }}
        constant={<ConstantFields loadTest={loadTest} form={form} />}
        script={
          <DraftText
            label="Duration, at most"
            placeholder="until the shape ends"
            field={field("duration", "durationSeconds")}
          />
        }
      />
      <DraftText label="Target URL" inputMode="url" field={field("targetUrl")} />
      <DraftText
        label="Name"
        placeholder={`${loadTest.name} #${loadTest.lastRunNumber + 1}`}
        field={field("name")}
      />
      <Textarea
        label="Notes"
        placeholder="What is different this time"
        autosize
        maxRows={6}
        value={notes.value}
        error={notes.error}
        onChange={(event) => notes.onChange(event.currentTarget.value)}
        onBlur={notes.onBlur}
      />
      <SettingsSections
        loadTest={loadTest}
        form={form}
        stored={stored}
        outline={outline}
        workersMore={
          <DraftText
            label="Stop timeout"
            description="How long users may finish their task when the load ends."
            placeholder={typedDuration(loadTest.stopTimeoutSeconds)}
            field={field("stopTimeoutSeconds")}
          />
        }
      />
    </>
  );
};

/** Starts a run. It is filled in as the last one was started, and shows how the users will rise. */
export const StartPanel = ({ loadTest, last, isScriptEdited }: Props): ReactNode => {
  const form = useDraft(startDraftOf(loadTest, last), (now) => startErrors(now, loadTest));
  const [base, setBase] = useState(loadTest);
  if (base !== loadTest) {
    setBase(loadTest);
    const changes = followed(form.draft, base, loadTest);
    if (Object.keys(changes).length > 0) form.set(changes);
  }
  const start = useStart(loadTest, form.draft, form.refuse);
  const mayStart = useMay("runs.start", loadTest);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (form.check()) start.mutate();
  };
  return (
    <Panel
      title="Start a run"
      sub={last?.runNumber === undefined ? undefined : `as #${last.runNumber} was started`}
    >
      <form noValidate onSubmit={submit} aria-label="Start a run">
        <PanelBody>
          <fieldset className={styles["fields"]} disabled={!mayStart}>
            <Fields loadTest={loadTest} form={form} />
          </fieldset>
        </PanelBody>
        <div className={styles["facts"]}>
          <Facts loadTest={loadTest} isScriptEdited={isScriptEdited} />
        </div>
        {/* It stays in sight while the fields above it are longer than the screen. */}
        <div className={styles["foot"]}>
          {start.error !== null && <Failure what="The run was not started." error={start.error} />}
          <Button
            type="submit"
            variant="filled"
            fullWidth
            h={40}
            leftSection={<IconPlayerPlay size={16} stroke={1.5} />}
            loading={start.isPending}
            disabled={!mayStart}
            title={mayStart ? undefined : "This needs the role runner."}
          >
            Start run
          </Button>
        </div>
      </form>
    </Panel>
  );
};
