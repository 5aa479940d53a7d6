import { expect, it } from "vitest";

import { Transcript } from "../../api/events/transcript";
import { lastEnd } from "./TurnEnd";

it("finds the newest turn that has ended, and none where one is only under way", () => {
  const transcript = new Transcript();
  const turn = (seq: number, state: "started" | "done" | "failed"): void => {
    transcript.take({ seq, timestamp: "2026-01-01T00:00:00Z", type: "turn", data: { prompt_id: "p", state } });
    transcript.publish();
  };
  turn(1, "started");
  expect(lastEnd(transcript.entries)).toBeUndefined();
  turn(2, "done");
  turn(3, "started");
  expect(lastEnd(transcript.entries)?.seq).toBe(2);
  turn(4, "failed");
  expect(lastEnd(transcript.entries)?.state).toBe("failed");
});
