import { Button, Checkbox, Popover, Stack } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconColumns } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { type ColumnKey, RUN_COLUMNS, type RunColumn } from "./columns.tsx";

const KEYS = Object.keys(RUN_COLUMNS) as ColumnKey[];
const DEFAULT: readonly ColumnKey[] = [
  "state",
  "loadTest",
  "started",
  "lasted",
  "by",
  "users",
  "rate",
  "failed",
  "p95",
  "tags",
];

/** The columns that this browser shows, in the order of the list. */
export const useColumns = () => {
  const [shown, setShown] = useLocalStorage<readonly ColumnKey[]>({
    key: "runs.columns",
    defaultValue: DEFAULT,
    getInitialValueInEffect: false,
  });
  const columns: readonly RunColumn[] = KEYS.filter((key) => shown.includes(key)).map(
    (key) => RUN_COLUMNS[key],
  );
  const toggle = (key: ColumnKey): void =>
    setShown((before) =>
      before.includes(key) ? before.filter((one) => one !== key) : [...before, key],
    );
  return { shown, columns, toggle };
};

export const ColumnChoice = ({
  shown,
  toggle,
}: {
  readonly shown: readonly ColumnKey[];
  readonly toggle: (key: ColumnKey) => void;
}): ReactNode => (
  <Popover position="bottom-end" withRoles trapFocus returnFocus>
    <Popover.Target>
      <Button size="compact-sm" leftSection={<IconColumns size={14} stroke={1.5} />}>
        Columns
      </Button>
    </Popover.Target>
    <Popover.Dropdown>
      <Stack gap="sm">
        {KEYS.map((key) => (
          <Checkbox
            key={key}
            size="xs"
            label={RUN_COLUMNS[key].head}
            checked={shown.includes(key)}
            onChange={() => toggle(key)}
          />
        ))}
      </Stack>
    </Popover.Dropdown>
  </Popover>
);
