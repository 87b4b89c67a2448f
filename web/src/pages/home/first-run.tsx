import { Button, NumberInput } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { client } from "../../api/client.ts";
import { meQuery } from "../../api/queries.ts";
import { Copyable } from "../../components/copyable.tsx";
import { Failure } from "../../components/notices.tsx";
import { Panel, PanelBody } from "../../components/panel.tsx";
import { planOfRamp } from "../../components/load-plan.ts";
import { RampPreview } from "../../components/ramp-preview.tsx";
import { rampOf } from "../../components/ramp.ts";
import { duration } from "../../format/times.ts";
import { shellWord } from "../../lib/shell-word.ts";
import { randomId } from "../../lib/random-id.ts";
import styles from "./first-run.module.css";

type Field = {
  readonly label: string;
  readonly value: number | string;
  readonly onChange: (value: number | string) => void;
  readonly isWhole: boolean;
  readonly suffix?: string;
};

/** What is wrong with a number, said at its field. */
const errorOf = ({ value, isWhole }: Pick<Field, "value" | "isWhole">): string | undefined => {
  const number = value === "" ? Number.NaN : Number(value);
  if (isWhole && !(Number.isInteger(number) && number >= 1))
    return "must be a whole number of at least 1";
  return number > 0 ? undefined : "must be a number above 0";
};

const Fields = ({ fields }: { readonly fields: readonly Field[] }): ReactNode => (
  <div className={styles["fields"]}>
    {fields.map(({ label, value, onChange, isWhole, suffix }) => (
      <NumberInput
        key={label}
        label={label}
        value={value}
        onChange={onChange}
        error={errorOf({ value, isWhole })}
        allowDecimal={!isWhole}
        allowNegative={false}
        // Another number than the one that was typed would start another run.
        clampBehavior="none"
        {...(suffix === undefined ? {} : { suffix })}
      />
    ))}
  </div>
);

const DemoForm = (): ReactNode => {
  const navigate = useNavigate();
  const [users, setUsers] = useState<number | string>(20);
  const [spawnRate, setSpawnRate] = useState<number | string>(1);
  const [seconds, setSeconds] = useState<number | string>(120);
  const load = {
    targetUsers: Number(users),
    spawnRate: Number(spawnRate),
    durationSeconds: Number(seconds),
  };
  const fields: readonly Field[] = [
    { label: "Users", value: users, onChange: setUsers, isWhole: true },
    {
      label: "Spawn rate",
      value: spawnRate,
      onChange: setSpawnRate,
      isWhole: false,
      suffix: " users/s",
    },
    { label: "Duration", value: seconds, onChange: setSeconds, isWhole: true, suffix: " s" },
  ];
  const isValid = fields.every((field) => errorOf(field) === undefined);
  const start = useMutation({
    mutationFn: () => client.startDemo({ body: load, idempotencyKey: randomId() }),
    onSuccess: ({ id }) => navigate({ to: "/runs/$runId", params: { runId: id } }),
  });
  return (
    <form
      className={styles["demo"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (isValid) start.mutate();
      }}
    >
      <div>
        <Fields fields={fields} />
        <div className={styles["start"]}>
          <Button
            type="submit"
            variant="filled"
            size="md"
            leftSection={<IconPlayerPlay size={16} stroke={1.5} />}
            disabled={!isValid}
            loading={start.isPending}
          >
            Start the run
          </Button>
          <span className="soft">
            {isValid &&
              `On this server’s machine. It stops by itself after ${duration(load.durationSeconds * 1000)}.`}
          </span>
        </div>
        {start.error !== null && <Failure what="The run was not started." error={start.error} />}
      </div>
      <RampPreview
        plan={
          isValid
            ? planOfRamp(
                rampOf(load.targetUsers, load.spawnRate, load.durationSeconds),
                load.targetUsers,
              )
            : undefined
        }
      />
    </form>
  );
};

const Way = ({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}): ReactNode => (
  <Panel title={title}>
    <PanelBody>
      <div className={styles["way"]}>{children}</div>
    </PanelBody>
  </Panel>
);

/** The demo shop's load test, which the first run has made; any other by its name or id. */
const runCommand = (server: string): string =>
  `load-manager run "Demo shop" --server ${shellWord(server)}`;

/** The first step where nothing has run yet: the demo shop where the server offers it, and the other ways. */
export const FirstRun = (): ReactNode => {
  const { data: me } = useQuery(meQuery);
  if (me === undefined) return null;
  return (
    <>
      <Panel title="Start your first run">
        <PanelBody>
          {me.demo ? (
            <>
              <p>
                <strong>Demo shop.</strong> Nothing has run here yet. A small shop on the server’s
                machine is the target: its visitors look around, fill a cart now and then, and
                rarely pay.
              </p>
              <DemoForm />
            </>
          ) : (
            <p>
              Nothing has run here yet. A run needs a load test: a locustfile, a target and how many
              users. Runs that are started at an attached Locust appear here by themselves.
            </p>
          )}
        </PanelBody>
      </Panel>
      <div className={styles["ways"]}>
        <Way title="Use your own script">
          <p>
            Paste or upload a locustfile or a whole project. It is checked before it is saved;
            errors are shown at their line.
          </p>
          <Link to="/load-tests">New load test</Link>
        </Way>
        <Way title="Use your own Locust">
          <p>
            Install the plugin where your Locust master and workers run, and name the master in the
            configuration.
          </p>
          <Link to="/clusters">All steps, with the right address</Link>
        </Way>
        <Way title="Use it in a pipeline">
          <p>Starts a run of a load test, waits for its end, and fails the job by its verdict.</p>
          <Copyable text={runCommand(location.origin)} label="Start a run and wait for it" />
          <a href="/docs">The API’s documentation</a>
        </Way>
      </div>
    </>
  );
};
