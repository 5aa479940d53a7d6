import { useEffect, useState } from "react";

const STEP_MS = 30_000;

/** The time of day, kept true to half a minute: for words such as «today». */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), STEP_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
