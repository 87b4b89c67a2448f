import { Button, Group, NumberInput, Stack } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { type ReactNode, useState } from "react";
import { client } from "../../api/client.ts";
import { runQueryOf } from "../../api/queries.ts";
import { Failure } from "../../components/notices.tsx";
import { duration } from "../../format/times.ts";
import { Dialog } from "../../components/dialog.tsx";

type Props = {
  readonly run: RunAnswer;
  readonly isOpen: boolean;
  readonly onClose: () => void;
};

const Form = ({ run, onClose }: Props): ReactNode => {
  const queries = useQueryClient();
  const now = run.commandedLoad?.targetUsers ?? run.targetUsers ?? 1;
  const [users, setUsers] = useState<number | string>(now);
  const [spawnRate, setSpawnRate] = useState<number | string>(
    run.commandedLoad?.spawnRate ?? run.spawnRate ?? 1,
  );
  const target = Number(users);
  const rate = Number(spawnRate);
  const isUsers = Number.isInteger(target) && target >= 1;
  const isValid = isUsers && rate > 0;
  const change = useMutation({
    mutationFn: () =>
      client.changeRunLoad({
        params: { runId: run.id },
        body: { targetUsers: target, spawnRate: rate },
      }),
    onSuccess: (changed) => {
      queries.setQueryData(runQueryOf(run.id).queryKey, changed);
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isValid) change.mutate();
      }}
    >
      <Stack gap="md">
        <NumberInput
          label="Users"
          data-autofocus
          min={1}
          max={1_000_000}
          allowDecimal={false}
          error={isUsers ? undefined : "must be a whole number of at least 1"}
          value={users}
          onChange={setUsers}
        />
        <NumberInput
          label="Spawn rate"
          description="Users started or stopped per second."
          min={0}
          max={1_000_000}
          error={rate > 0 ? undefined : "must be more than 0"}
          value={spawnRate}
          onChange={setSpawnRate}
        />
        <p className="soft">
          {isValid && target !== now
            ? `From ${now} to ${target} users in ${duration((Math.abs(target - now) / rate) * 1000)}. The duration stays as it is.`
            : "The duration stays as it is."}
        </p>
        {change.error !== null && (
          <Failure what="The users were not changed." error={change.error} />
        )}
        <Group justify="flex-end" gap="sm">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="filled"
            disabled={!isValid || target === now}
            title={isValid && target === now ? "The run has so many users already." : undefined}
            loading={change.isPending}
          >
            {isValid ? `Change to ${target}` : "Change users"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

export const ChangeLoadDialog = (props: Props): ReactNode => (
  <Dialog isOpen={props.isOpen} onClose={props.onClose} title="Change users">
    <Form {...props} />
  </Dialog>
);
