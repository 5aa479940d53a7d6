import { Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";

import { language } from "../i18n";
import { exactTime, relativeTime, staleAfter } from "./format";

/** When, relative to now and kept true; exactly on hover and for machines. */
export function RelativeTime({ at }: { at: string }) {
  const moment = new Date(at);
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setTimeout(() => setNow(new Date()), staleAfter(new Date(at), now));
    return () => clearTimeout(timer);
  }, [at, now]);
  return (
    <Tooltip label={exactTime(moment, language())}>
      <time dateTime={at} className="numbers">
        {relativeTime(moment, now, language())}
      </time>
    </Tooltip>
  );
}
