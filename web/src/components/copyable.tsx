import { ActionIcon } from "@mantine/core";
import { useTimeout } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { copyText } from "../lib/copy-text.ts";
import { CodeText } from "./code-text.tsx";
import styles from "./copyable.module.css";

const SHOWN_MS = 2000;

/** Commands or a file to copy. `label` says what it is. */
export const Copyable = ({
  text,
  label,
}: {
  readonly text: string;
  readonly label: string;
}): ReactNode => {
  const [said, setSaid] = useState("");
  const { start } = useTimeout(() => setSaid(""), SHOWN_MS);
  const copy = async (): Promise<void> => {
    const isCopied = await copyText(text);
    setSaid(isCopied ? "Copied" : "This browser does not let a page copy; select the text.");
    start();
  };
  return (
    <div className={styles["copyable"]}>
      <CodeText label={label}>{text}</CodeText>
      <ActionIcon
        variant="subtle"
        color="gray"
        className={styles["copy"] ?? ""}
        aria-label={`Copy: ${label}`}
        onClick={() => void copy()}
      >
        {said === "Copied" ? (
          <IconCheck size={16} stroke={1.5} />
        ) : (
          <IconCopy size={16} stroke={1.5} />
        )}
      </ActionIcon>
      <span role="status" className="sr-only">
        {said}
      </span>
    </div>
  );
};
