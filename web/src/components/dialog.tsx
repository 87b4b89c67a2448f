import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import styles from "./dialog.module.css";

type Props = {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly size?: string | number;
};

/** A dialog with its title and a button to close it. Its head is no landmark of the page. */
export const Dialog = ({ title, isOpen, onClose, children, size = "md" }: Props): ReactNode => (
  <Modal.Root opened={isOpen} onClose={onClose} size={size} centered>
    <Modal.Overlay />
    <Modal.Content radius={6}>
      <div className={styles["head"]}>
        <Modal.Title>{title}</Modal.Title>
        <Modal.CloseButton aria-label="Close" />
      </div>
      <Modal.Body>{children}</Modal.Body>
    </Modal.Content>
  </Modal.Root>
);
