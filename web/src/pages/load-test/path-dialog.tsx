import { Button, Group, Stack, TextInput } from "@mantine/core";
import { type ReactNode, type SyntheticEvent, useState } from "react";
import { newPathFault } from "../../api/script-files.ts";
import { Dialog } from "../../components/dialog.tsx";

type Props = {
  readonly verb: string;
  readonly initial: string;
  /** The paths that the new one may not contradict. */
  readonly others: readonly string[];
  readonly onClose: () => void;
  readonly onPath: (path: string) => void;
};

const Form = ({ verb, initial, others, onClose, onPath }: Props): ReactNode => {
  const [path, setPath] = useState(initial);
  const [error, setError] = useState<string | undefined>(undefined);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const fault = newPathFault(others, path);
    setError(fault);
    if (fault === undefined) onPath(path);
  };
  return (
    <form noValidate onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label="Path"
          description="Within the script, with / between folders, such as data/users.csv."
          data-autofocus
          spellCheck={false}
          value={path}
          error={error}
          onChange={(event) => {
            setPath(event.currentTarget.value);
            setError(undefined);
          }}
        />
        <Group justify="flex-end" gap="sm">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={path === initial}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

/** Asks for the path of a file that is added or renamed. */
export const PathDialog = ({
  isOpen,
  ...props
}: Props & { readonly isOpen: boolean }): ReactNode => (
  <Dialog isOpen={isOpen} onClose={props.onClose} title={props.verb}>
    <Form {...props} />
  </Dialog>
);
