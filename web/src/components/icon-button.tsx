import { Button, type ButtonProps } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";

type Props = Pick<ButtonProps, "disabled"> & {
  readonly icon: Icon;
  /** What it does, with its object. */
  readonly label: string;
  readonly onClick: () => void;
};

/** A button without a word in sight. */
export const IconButton = ({ icon: Sign, label, disabled = false, onClick }: Props): ReactNode => (
  <Button
    size="compact-sm"
    px={6}
    h={32}
    aria-label={label}
    title={label}
    disabled={disabled}
    onClick={onClick}
  >
    <Sign size={14} stroke={1.5} aria-hidden />
  </Button>
);
