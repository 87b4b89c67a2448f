import { type ReactNode, useState } from "react";
import styles from "./folded.module.css";

type Props = {
  readonly title: string;
  /** In the head, beside the title: what is set in it. */
  readonly head: string | undefined;
  /** Something in it is wrong: it cannot be folded then, and says so. */
  readonly isWrong?: boolean;
  readonly children: ReactNode;
};

/** A part of a form that is unfolded when somebody needs it. */
export const Folded = ({ title, head, isWrong = false, children }: Props): ReactNode => {
  const [isUnfolded, setUnfolded] = useState(false);
  const isOpen = isUnfolded || isWrong;
  return (
    <details
      className={styles["folded"]}
      open={isOpen}
      onToggle={(event) => setUnfolded(event.currentTarget.open)}
    >
      <summary>
        {title}
        {head !== undefined && (
          <span>
            <bdi>{head}</bdi>
          </span>
        )}
        {isWrong && <span className={styles["wrong"]}>something is wrong here</span>}
      </summary>
      {isOpen && <div className={styles["content"]}>{children}</div>}
    </details>
  );
};
