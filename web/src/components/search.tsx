import { Combobox, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { client } from "../api/client.ts";
import { moment } from "../format/times.ts";
import { useKeys } from "./keys.ts";
import styles from "./search.module.css";
import { useScope } from "./use-scope.ts";
import { wordOf } from "./run-state.tsx";

const TYPING_MS = 200;
const MOST = 6;

type Found = {
  readonly loadTests: readonly LoadTestAnswer[];
  readonly runs: readonly RunAnswer[];
};

const foundQuery = (scope: ScopeFilter, q: string) =>
  queryOptions({
    queryKey: ["search", scope, q],
    queryFn: async ({ signal }) => {
      const [loadTests, runs] = await Promise.all([
        client.listLoadTests({ query: { ...scope, q, limit: MOST }, signal }),
        client.listRuns({ query: { ...scope, q, limit: MOST }, signal }),
      ]);
      return { loadTests: loadTests.items, runs: runs.items };
    },
    enabled: q !== "",
    placeholderData: keepPreviousData,
  });

const Options = ({
  found: { loadTests, runs },
  asked,
}: {
  readonly found: Found;
  readonly asked: string;
}): ReactNode => (
  <>
    {loadTests.length + runs.length === 0 && (
      <Combobox.Empty>Nothing has a name with “{asked}”.</Combobox.Empty>
    )}
    {loadTests.length > 0 && (
      <Combobox.Group label="Load tests">
        {loadTests.map(({ id, name }) => (
          <Combobox.Option key={id} value={`loadTest:${id}`} className={styles["option"] ?? ""}>
            {name}
          </Combobox.Option>
        ))}
      </Combobox.Group>
    )}
    {runs.length > 0 && (
      <Combobox.Group label="Runs">
        {runs.map(({ id, name, status, createdAt }) => (
          <Combobox.Option key={id} value={`run:${id}`} className={styles["option"] ?? ""}>
            {name} <span className="muted">{`${wordOf(status)}, ${moment(createdAt)}`}</span>
          </Combobox.Option>
        ))}
      </Combobox.Group>
    )}
  </>
);

/** Finds load tests and runs by the starts of the words of their names. */
export const Search = ({
  isShown,
  onShow,
}: {
  /** Somebody has unfolded it. */
  readonly isShown: boolean;
  /** Unfolds it where the bar has no room for it. */
  readonly onShow: () => void;
}): ReactNode => {
  const scope = useScope();
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [wanted] = useDebouncedValue(text.trim(), TYPING_MS);
  const { data } = useQuery(foundQuery(scope, wanted));
  const combobox = useCombobox();
  useKeys({
    "/": () => {
      onShow();
      input.current?.focus();
    },
  });
  useEffect(() => {
    if (isShown) input.current?.focus();
  }, [isShown]);
  const choose = (value: string): void => {
    const [kind, id = ""] = value.split(":");
    combobox.closeDropdown();
    setText("");
    input.current?.blur();
    if (kind === "run") void navigate({ to: "/runs/$runId", params: { runId: id } });
    else void navigate({ to: "/load-tests/$loadTestId", params: { loadTestId: id } });
  };
  return (
    <Combobox
      store={combobox}
      onOptionSubmit={choose}
      position="bottom-end"
      width={360}
      withinPortal={false}
    >
      <Combobox.Target>
        <TextInput
          ref={input}
          size="xs"
          className={styles["search"] ?? ""}
          aria-label="Search load tests and runs"
          placeholder="Search load tests and runs"
          leftSection={<IconSearch size={14} stroke={1.5} aria-hidden />}
          rightSection={<kbd className={styles["key"]}>/</kbd>}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            combobox.openDropdown();
            combobox.updateSelectedOptionIndex();
          }}
          onBlur={() => combobox.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={wanted === "" || data === undefined}>
        <Combobox.Options aria-label="Load tests and runs that were found">
          {data !== undefined && <Options found={data} asked={wanted} />}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
};
