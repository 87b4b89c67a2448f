import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef, useState } from "react";

const PAUSE_MS = 250;
/** The most that the API takes. */
const LONGEST = 200;

/** Searches a list as one types. */
export const SearchField = ({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}): ReactNode => {
  const [typed, setTyped] = useState(value);
  const tell = useDebouncedCallback(onChange, PAUSE_MS);
  const told = useRef(value);
  useEffect(() => {
    // What one has typed meanwhile stays; what the address says otherwise counts.
    if (value !== told.current) setTyped(value);
    told.current = value;
  }, [value]);
  const change = (text: string): void => {
    setTyped(text);
    told.current = text.trim();
    tell(told.current);
  };
  return (
    <TextInput
      size="xs"
      w={260}
      aria-label={label}
      placeholder={label}
      maxLength={LONGEST}
      value={typed}
      leftSection={<IconSearch size={14} stroke={1.5} />}
      rightSection={
        typed !== "" && (
          <CloseButton size="xs" aria-label="Clear the search" onClick={() => change("")} />
        )
      }
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape") change("");
      }}
    />
  );
};
