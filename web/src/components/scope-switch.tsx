import { Combobox, InputBase, useCombobox } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { nameOfScope, type ScopeSearch, textOfScope } from "../api/scope.ts";
import styles from "./scope-switch.module.css";
import { useKeys } from "./keys.ts";
import { useScope } from "./use-scope.ts";
import { useScopes } from "./use-scopes.ts";

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
