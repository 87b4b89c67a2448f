import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { type ReactNode, useState } from "react";
import { client } from "../api/client.ts";
import { runQueryOf } from "../api/queries.ts";
import { Failure } from "./notices.tsx";
import { Dialog } from "./dialog.tsx";

/** What happens when the run is stopped. */
const consequenceOf = ({ status, stopTimeoutSeconds }: RunAnswer): string => {
  if (status === "Pending") return "The run leaves the queue. No load was made.";
  const wait =
    stopTimeoutSeconds === undefined
      ? "Users have as long to finish their requests as Locust itself gives them."
      : stopTimeoutSeconds === 0
        ? "Requests that are under way are cut off."
        : `Users have up to ${stopTimeoutSeconds} s to finish their requests.`;
  return `Locust stops all users. ${wait} What was measured stays, and the run is shown as Stopped.`;
};

export const StopDialog = ({
  run,
  isOpen,
  onClose,
}: {
  readonly run: RunAnswer;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}): ReactNode => {
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const stop = useMutation({
    mutationFn: () =>
      client.stopRun({
        params: { runId: run.id },
        body: reason.trim() === "" ? {} : { reason: reason.trim() },
      }),
    onSuccess: (changed) => {
      queries.setQueryData(runQueryOf(run.id).queryKey, changed);
      onClose();
    },
  });
  const verb = run.status === "Pending" ? "Cancel run" : "Stop run";
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={verb}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          stop.mutate();
        }}
      >
        <Stack gap="md">
          <p>{consequenceOf(run)}</p>
          <TextInput
            label="Why (optional)"
            description="Becomes part of the run’s reason."
            maxLength={500}
            data-autofocus
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {stop.error !== null && <Failure what="The run was not stopped." error={stop.error} />}
          <Group justify="flex-end" gap="sm">
            <Button onClick={onClose}>
              {run.status === "Pending" ? "Keep waiting" : "Let it run"}
            </Button>
            <Button type="submit" variant="filled" loading={stop.isPending}>
              {verb}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
};
