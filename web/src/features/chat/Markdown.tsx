import remend from "remend";
import { memo, useMemo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkCjkFriendly from "remark-cjk-friendly";
import remarkGfm from "remark-gfm";

import { blocks } from "./blocks";
import classes from "./chat.module.css";

const PLUGINS = [remarkGfm, remarkCjkFriendly];

/** An agent's text is a stranger's: a picture in it would tell its server who reads, so it is a link like any other. */
const COMPONENTS: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  img: ({ src, alt }) => (
    <a href={typeof src === "string" ? src : undefined} target="_blank" rel="noopener noreferrer nofollow">
      {alt === undefined || alt === "" ? String(src ?? "") : alt}
    </a>
  ),
};

/** Markdown while it is being written: split into blocks, of which only the last one is drawn again for each piece. */
export function Markdown({ text }: { text: string }) {
  const parts = useMemo(() => blocks(text), [text]);
  return (
    <div className={`${classes.markdown} prose`}>
      {parts.map((part, index) => (
        <Block key={index} text={index === parts.length - 1 ? remend(part) : part} />
      ))}
    </div>
  );
}

const Block = memo(function Block({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
      {text}
    </ReactMarkdown>
  );
});
