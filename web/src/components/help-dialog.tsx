import { Switch } from "@mantine/core";
import { useDisclosure, useLocalStorage } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import styles from "./help-dialog.module.css";
import { useKeys } from "./keys.ts";
import { Dialog } from "./dialog.tsx";

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["?", "This help"],
  ["g h", "Home"],
  ["g t", "Load tests"],
  ["g r", "Runs"],
  ["g c", "Clusters"],
  ["s", "Choose the scope"],
  ["n", "On the load tests: a new one"],
  ["/", "Search load tests and runs"],
  ["Esc", "Close a dialog"],
  ["w", "On a run: the whole run"],
  ["y", "On a run: its steady part"],
  ["5", "On a run: the last 5 minutes"],
  ["l", "On a run: response times on a log or a linear scale"],
  ["t", "On a run: the charts as tables"],
  ["← →", "On a run: the cursor of the charts, point by point"],
  ["Shift ← →", "On a run: choose a window with the cursor; Enter zooms to it"],
  ["c", "On a run: choose another to lay under the charts"],
  ["x", "On a run: stop it (asks first)"],
  ["↑ ↓", "In a table: the row above or below"],
  ["Enter", "In a table: open the row; of endpoints, show its charts alone"],
  ["Space", "In the table of endpoints: show its charts beside the others"],
];

export const useHelp = () => {
  const [isOpen, { open, close }] = useDisclosure(false);
  useKeys({ "?": open });
  return { isOpen, open, close };
};

export const HelpDialog = ({
  opened,
  onClose,
}: {
  readonly opened: boolean;
  readonly onClose: () => void;
}): ReactNode => {
  const [areOn, setOn] = useLocalStorage({ key: "keys", defaultValue: true });
  return (
    <Dialog isOpen={opened} onClose={onClose} title="Keyboard">
      <dl className={styles["keys"]}>
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <Switch
        label="Letters are shortcuts"
        checked={areOn}
        onChange={(event) => setOn(event.currentTarget.checked)}
      />
      <p className={styles["links"]}>
        <a href="/docs">API documentation</a> ·{" "}
        <a href="/docs#definitions">Definitions of the metrics</a> ·{" "}
        <Link to="/about" onClick={onClose}>
          About this server
        </Link>
      </p>
    </Dialog>
  );
};
