import { type RefObject, useLayoutEffect, useRef } from "react";

/** What was given at the last render, for callbacks that outlive it. */
export const useLatest = <Value>(value: Value): Readonly<RefObject<Value>> => {
  const latest = useRef(value);
  useLayoutEffect(() => {
    latest.current = value;
  });
  return latest;
};
