import { serverNow } from "../api/server-time.ts";
import { useEffect, useState } from "react";

const SECOND_MS = 1000;

/** The server’s time in Unix ms, which goes on once a second while `isRunning`. */
export const useNow = (isRunning: boolean): number => {
  const [now, setNow] = useState(() => serverNow());
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => setNow(serverNow()), SECOND_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
};
