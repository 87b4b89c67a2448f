import { Button, Group, Stack } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Dialog } from "./dialog.tsx";

/** Asks before a page is left, or closed, on which something is not saved; `what` names it, and is absent when all is. */
export const LeaveDialog = ({ what }: { readonly what: string | undefined }): ReactNode => {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => what !== undefined && current.pathname !== next.pathname,
    enableBeforeUnload: () => what !== undefined,
    withResolver: true,
  });
  return (
    <Dialog
      isOpen={blocker.status === "blocked"}
      onClose={() => blocker.reset?.()}
      title="Leave without saving?"
    >
      <Stack gap="md">
        <p>{what} Leaving this page discards that.</p>
        <Group justify="flex-end" gap="sm">
          <Button onClick={() => blocker.proceed?.()}>Discard and leave</Button>
          <Button variant="filled" data-autofocus onClick={() => blocker.reset?.()}>
            Stay
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
};
