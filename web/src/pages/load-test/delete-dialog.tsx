import { Button, Checkbox, Group, Stack } from "@mantine/core";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { client } from "../../api/client.ts";
import { loadTestQuery } from "../../api/queries.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Failure } from "../../components/notices.tsx";
import { count } from "../../format/numbers.ts";

const Form = ({
  loadTest,
  onClose,
}: {
  readonly loadTest: LoadTestAnswer;
  readonly onClose: () => void;
}): ReactNode => {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [isSure, setSure] = useState(false);
  const remove = useMutation({
    mutationFn: () =>
      client.deleteLoadTest({ params: { loadTestId: loadTest.id }, ifMatch: loadTest.version }),
    onSuccess: async () => {
      await navigate({ to: "/load-tests" });
      void queries.invalidateQueries({ queryKey: ["loadTests"] });
    },
    onError: () => void queries.invalidateQueries(loadTestQuery(loadTest.id)),
  });
  const { lastRunNumber: runs } = loadTest;
  const stays =
    runs === 0
      ? "It has no runs."
      : runs === 1
        ? "Its run stays in the list of runs, with all figures, unless it has been deleted."
        : `Its ${count(runs)} runs stay in the list of runs, with all figures, but for those that have been deleted.`;
  return (
    <Stack gap="md">
      <p>
        The load test, its settings and its script are gone for good. {stays} While a run is under
        way, nothing is deleted.
      </p>
      <Checkbox
        data-autofocus
        label={
          <>
            Delete <bdi>{loadTest.name}</bdi>
          </>
        }
        checked={isSure}
        onChange={(event) => setSure(event.currentTarget.checked)}
      />
      {remove.error !== null && (
        <Failure what="The load test was not deleted." error={remove.error} />
      )}
      <Group justify="flex-end" gap="sm">
        <Button onClick={onClose}>Keep it</Button>
        <Button
          variant="filled"
          disabled={!isSure}
          title={isSure ? undefined : "Tick the box first."}
          loading={remove.isPending}
          onClick={() => remove.mutate()}
        >
          Delete load test
        </Button>
      </Group>
    </Stack>
  );
};

/** Deletes a load test, after it has said what stays. */
export const DeleteDialog = ({
  loadTest,
  isOpen,
  onClose,
}: {
  readonly loadTest: LoadTestAnswer;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}): ReactNode => (
  <Dialog isOpen={isOpen} onClose={onClose} title="Delete load test">
    <Form loadTest={loadTest} onClose={onClose} />
  </Dialog>
);
