import { useCallback, useEffect, useRef, useState } from "react";

import { api } from "../../api/client";
import { MOST_BYTES, MOST_FILES, upload, type Sending } from "./uploads";

/** Files that go with a message: each is on its way, there, or refused with its reason. */

export interface Attached {
  key: string;
  name: string;
  size: number;
  state: "sending" | "there" | "failed";
  /** From 0 to 1. */
  share: number;
  id?: string;
  error?: unknown;
  /** Refused before it was sent. */
  refused?: "tooLarge" | "tooMany" | "empty";
}

export interface Attachments {
  files: readonly Attached[];
  add: (files: Iterable<File>) => void;
  remove: (key: string) => void;
  clear: () => void;
  /** Whether something is still on its way, or must be removed first. */
  unsettled: boolean;
}

/** Files for a session, or (undefined) for the first message of one that is still to be created. */
export function useAttachments(sessionId: string | undefined): Attachments {
  const [files, setFiles] = useState<readonly Attached[]>([]);
  const sendings = useRef(new Map<string, Sending>());
  const change = useCallback((key: string, change: Partial<Attached>) => {
    setFiles((now) => now.map((each) => (each.key === key ? { ...each, ...change } : each)));
  }, []);
  useEffect(() => {
    const under = sendings.current;
    return () => {
      for (const each of under.values()) each.abort();
    };
  }, []);
  const add = useCallback(
    (given: Iterable<File>) => {
      const added: Attached[] = [];
      let room = MOST_FILES - files.filter((each) => each.state !== "failed").length;
      for (const file of given) {
        const key = crypto.randomUUID();
        const base = { key, name: file.name === "" ? "file" : file.name, size: file.size, share: 0 };
        const refused = file.size > MOST_BYTES ? "tooLarge" : file.size === 0 ? "empty" : room <= 0 ? "tooMany" : undefined;
        if (refused !== undefined) {
          added.push({ ...base, state: "failed", refused });
          continue;
        }
        room -= 1;
        added.push({ ...base, state: "sending" });
        const sending = upload(sessionId, file, (share) => change(key, { share }));
        sendings.current.set(key, sending);
        sending.done
          .then((made) => change(key, { state: "there", share: 1, id: made.attachment_id, name: made.name }))
          .catch((error: unknown) => change(key, { state: "failed", error }))
          .finally(() => sendings.current.delete(key));
      }
      setFiles((now) => [...now, ...added]);
    },
    [files, sessionId, change],
  );
  const remove = useCallback(
    (key: string) => {
      sendings.current.get(key)?.abort();
      const gone = files.find((each) => each.key === key);
      setFiles((now) => now.filter((each) => each.key !== key));
      if (gone?.id === undefined) return;
      // one that stays is collected by the server a day later
      const id = gone.id;
      void (
        sessionId === undefined
          ? api.DELETE("/api/v1/attachments/{attachment_id}", { params: { path: { attachment_id: id } } })
          : api.DELETE("/api/v1/sessions/{session_id}/attachments/{attachment_id}", {
              params: { path: { session_id: sessionId, attachment_id: id } },
            })
      ).catch(() => undefined);
    },
    [files, sessionId],
  );
  const clear = useCallback(() => setFiles([]), []);
  return { files, add, remove, clear, unsettled: files.some((each) => each.state !== "there") };
}
