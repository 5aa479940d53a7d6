import { useState, type ClipboardEvent, type DragEvent } from "react";

import classes from "./attachments.module.css";

/** Files that are dropped onto a place or pasted into it. */
export interface FileDrop {
  /** For the element that files are dropped onto; it shows that it takes them. */
  onto: {
    className: string | undefined;
    "data-over": boolean;
    onDragOver: (event: DragEvent) => void;
    onDragLeave: () => void;
    onDrop: (event: DragEvent) => void;
  };
  /** For the field that texts are pasted into as well. */
  onPaste: (event: ClipboardEvent) => void;
}

export function useFileDrop(add: (files: Iterable<File>) => void): FileDrop {
  const [over, setOver] = useState(false);
  const holdsFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes("Files");
  return {
    onto: {
      className: classes.over,
      "data-over": over,
      onDragOver: (event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: () => setOver(false),
      onDrop: (event) => {
        setOver(false);
        if (!holdsFiles(event)) return;
        event.preventDefault();
        add(event.dataTransfer.files);
      },
    },
    onPaste: (event) => {
      if (event.clipboardData.files.length === 0) return;
      event.preventDefault();
      add(event.clipboardData.files);
    },
  };
}
