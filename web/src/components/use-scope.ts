import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { scopeOfText } from "../api/scope.ts";

/** The scope that the address names. */
export const useScope = (): ScopeFilter => {
  const text = useSearch({
    strict: false,
    select: (search) => (search as { scope?: string }).scope,
  });
  return useMemo(() => scopeOfText(text), [text]);
};
