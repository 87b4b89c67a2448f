import { Button, Group, Stack, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { client } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Empty, Failure } from "../../components/notices.tsx";
import { Panel } from "../../components/panel.tsx";
import { useMay } from "../../components/use-may.ts";
import { sinceStart, utc } from "../../format/times.ts";
import { lettersOf } from "./event-letters.ts";
import styles from "./event-list.module.css";
import { eventsQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";

const NoteDialog = ({
  runId,
  isOpen,
  onClose,
}: {
  readonly runId: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}): ReactNode => {
  const queries = useQueryClient();
  const [message, setMessage] = useState("");
  const add = useMutation({
    mutationFn: () => client.addRunEvent({ params: { runId }, body: { message: message.trim() } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: eventsQuery(runId).queryKey });
      setMessage("");
      onClose();
    },
  });
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Add a note">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <Stack gap="md">
          <TextInput
            label="What happened"
            description="It is marked in the charts at this moment."
            maxLength={1000}
            data-autofocus
            value={message}
            onChange={(event) => setMessage(event.currentTarget.value)}
          />
          {add.error !== null && <Failure what="The note was not added." error={add.error} />}
          <Group justify="flex-end" gap="sm">
            <Button onClick={onClose}>Cancel</Button>
            <Button
              type="submit"
              variant="filled"
              disabled={message.trim() === ""}
              loading={add.isPending}
            >
              Add note
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
};

/** What happened to the run, newest first, with the letters of the charts. */
export const EventList = ({ view }: { readonly view: RunView }): ReactNode => {
  const { run, loadStartMs } = view;
  const { data } = useQuery(eventsQuery(run.id));
  const [isAdding, setAdding] = useState(false);
  const mayAdd = useMay("runs.annotate", run);
  const shown = lettersOf(data?.items ?? []).toReversed();
  return (
    <Panel
      title="Events"
      sub={data === undefined ? undefined : shown.length}
      end={
        <Button
          size="compact-sm"
          leftSection={<IconPlus size={14} stroke={1.5} />}
          disabled={!mayAdd}
          title={mayAdd ? undefined : "This needs the role runner."}
          onClick={() => setAdding(true)}
        >
          Add a note
        </Button>
      }
    >
      {shown.length === 0 ? (
        <Empty title="Nothing has happened yet." />
      ) : (
        <div className={styles["list"]} tabIndex={0} role="region" aria-label="List of events">
          <ol>
            {shown.map(({ event, letter }) => (
              <li key={letter}>
                <span className={styles["letter"]}>{letter}</span>
                <time dateTime={new Date(event.at).toISOString()} title={utc(event.at)}>
                  {run.loadStartedAt === undefined
                    ? ""
                    : sinceStart((event.at - loadStartMs) / 1000)}
                </time>
                <span title={event.type}>{event.message}</span>
              </li>
            ))}
          </ol>
        </div>
      )}
      <NoteDialog runId={run.id} isOpen={isAdding} onClose={() => setAdding(false)} />
    </Panel>
  );
};
