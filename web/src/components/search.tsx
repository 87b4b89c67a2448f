import { Combobox, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { type ReactNode, useRef, useState } from "react";
import { client } from "../api/client.ts";
import { moment } from "../format/times.ts";
import { useKeys } from "./keys.ts";
import styles from "./search.module.css";
import { useScope } from "./use-scope.ts";
import { wordOf } from "./run-state.tsx";

const TYPING_MS = 200;
const MOST = 6;

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

/** Finds load tests and runs by the starts of the words of their names. */
export const Search = (): ReactNode => {
  const scope = useScope();
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [wanted] = useDebouncedValue(text.trim(), TYPING_MS);
  const { data } = useQuery(foundQuery(scope, wanted));
  const combobox = useCombobox();
  useKeys({ "/": () => input.current?.focus() });
  const choose = (value: string): void => {
    const [kind, id = ""] = value.split(":");
    combobox.closeDropdown();
    setText("");
    input.current?.blur();
    if (kind === "run") void navigate({ to: "/runs/$runId", params: { runId: id } });
    else void navigate({ to: "/load-tests/$loadTestId", params: { loadTestId: id } });
  };
  const isNothing = data !== undefined && data.loadTests.length + data.runs.length === 0;
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
          {isNothing && <Combobox.Empty>Nothing has a name with “{wanted}”.</Combobox.Empty>}
          {data !== undefined && data.loadTests.length > 0 && (
            <Combobox.Group label="Load tests">
              {data.loadTests.map(({ id, name }) => (
                <Combobox.Option key={id} value={`loadTest:${id}`}>
                  {name}
                </Combobox.Option>
              ))}
            </Combobox.Group>
          )}
          {data !== undefined && data.runs.length > 0 && (
            <Combobox.Group label="Runs">
              {data.runs.map(({ id, name, status, createdAt }) => (
                <Combobox.Option key={id} value={`run:${id}`}>
                  {name} <span className="muted">{`${wordOf(status)}, ${moment(createdAt)}`}</span>
                </Combobox.Option>
              ))}
            </Combobox.Group>
          )}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
};
