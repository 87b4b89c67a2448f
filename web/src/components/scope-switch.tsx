import { Combobox, InputBase, useCombobox } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { type ReactNode, useMemo, useState } from "react";
import { scopesQuery } from "../api/queries.ts";
import { nameOfScope, type ScopeSearch, textOfScope } from "../api/scope.ts";
import styles from "./scope-switch.module.css";
import { useKeys } from "./keys.ts";
import { useScope } from "./use-scope.ts";

/** Every scope that the caller may see, from the top down. */
const useScopes = (): readonly ScopeFilter[] => {
  const { data } = useQuery(scopesQuery);
  return useMemo(
    () => [
      {},
      ...(data?.accounts ?? []).flatMap(({ accountId, orgs }) => [
        { accountId },
        ...orgs.flatMap(({ orgId, projects }) => [
          { accountId, orgId },
          ...projects.flatMap(({ projectId, envs }) => [
            { accountId, orgId, projectId },
            ...envs.map((envId) => ({ accountId, orgId, projectId, envId })),
          ]),
        ]),
      ]),
    ],
    [data],
  );
};

/** Chooses the account, org, project or environment whose load tests and runs the page shows. It is kept in the address. */
export const ScopeSwitch = (): ReactNode => {
  const current = useScope();
  const scopes = useScopes();
  const navigate = useNavigate();
  const [search, setSearch] = useState("");
  const combobox = useCombobox({
    onDropdownClose: () => setSearch(""),
    onDropdownOpen: () => combobox.focusSearchInput(),
  });
  useKeys({ s: combobox.openDropdown });
  const shown = scopes
    .map((scope) => ({ name: nameOfScope(scope), value: textOfScope(scope) ?? "" }))
    .filter(({ name }) => name.toLowerCase().includes(search.trim().toLowerCase()));
  const choose = (value: string): void => {
    combobox.closeDropdown();
    void navigate({
      to: ".",
      search: (before: ScopeSearch) => ({ ...before, scope: value === "" ? undefined : value }),
    });
  };
  return (
    <Combobox
      store={combobox}
      onOptionSubmit={choose}
      width={320}
      position="bottom-start"
      withinPortal={false}
    >
      <Combobox.Target>
        <InputBase
          component="button"
          type="button"
          pointer
          size="xs"
          className={styles["switch"] ?? ""}
          aria-label={`Scope: ${nameOfScope(current)}`}
          rightSection={<Combobox.Chevron />}
          rightSectionPointerEvents="none"
          onClick={() => combobox.toggleDropdown()}
        >
          {nameOfScope(current)}
        </InputBase>
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Search
          value={search}
          placeholder="Account, org, project or environment"
          aria-label="Search scopes"
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Combobox.Options aria-label="Scopes" mah={320} className={styles["options"] ?? ""}>
          {shown.length === 0 && <Combobox.Empty>No scope has this in its name.</Combobox.Empty>}
          {shown.map(({ name, value }) => (
            <Combobox.Option key={value} value={value} active={nameOfScope(current) === name}>
              {name}
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
};
