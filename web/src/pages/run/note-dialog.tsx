import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { client } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Failure } from "../../components/notices.tsx";
import { clock, sinceStart } from "../../format/times.ts";
import { eventsQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";

/** When what is noted happened, in seconds since load start; `now` where that is said when it is sent. */
export type NoteTime = number | "now";

/** Adds a note to the events of the run; closed without `at`. */
export const NoteDialog = ({
  view: { run, loadStartMs },
  at,
  onClose,
}: {
  readonly view: RunView;
  readonly at: NoteTime | undefined;
  readonly onClose: () => void;
}): ReactNode => {
  const queries = useQueryClient();
  const [message, setMessage] = useState("");
  const ms = typeof at === "number" ? Math.round(loadStartMs + at * 1000) : undefined;
  const add = useMutation({
    mutationFn: () =>
      client.addRunEvent({
        params: { runId: run.id },
        body: { message: message.trim(), ...(ms === undefined ? {} : { at: ms }) },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: eventsQuery(run.id).queryKey });
      setMessage("");
      onClose();
    },
  });
  const when =
    ms === undefined
      ? "at this moment"
      : `at ${sinceStart((ms - loadStartMs) / 1000)}, ${clock(ms)}`;
  return (
    <Dialog isOpen={at !== undefined} onClose={onClose} title="Add a note">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <Stack gap="md">
          <TextInput
            label="What happened"
            description={`It is marked in the charts ${when}.`}
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
