import { useEffect, useState } from "react";

import { countdown } from "../../ui/format";

/** The time until then, second by second, in a sentence. */
export function Countdown({ to, say }: { to: string; say: (time: string) => string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return <span className="numbers">{say(countdown((Date.parse(to) - now) / 1000))}</span>;
}
