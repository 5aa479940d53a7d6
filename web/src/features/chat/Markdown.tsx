import remend from "remend";
import { isValidElement, memo, useMemo, type ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkCjkFriendly from "remark-cjk-friendly";
import remarkGfm from "remark-gfm";

import { blocks } from "./blocks";
import { CodeBlock } from "./CodeBlock";
import classes from "./chat.module.css";

const PLUGINS = [remarkGfm, remarkCjkFriendly];

/** An agent's text is a stranger's: a picture in it would tell its server who reads, so it is a link like any other. */
const COMPONENTS: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  pre: ({ children }) => {
    const code = codeOf(children);
    return code === undefined ? <pre>{children}</pre> : <CodeBlock code={code.text} name={code.language} />;
  },
  img: ({ src, alt }) => (
    <a href={typeof src === "string" ? src : undefined} target="_blank" rel="noopener noreferrer nofollow">
      {alt === undefined || alt === "" ? String(src ?? "") : alt}
    </a>
  ),
};

/** The text and the language of a fenced block, which is a `code` in a `pre`. */
function codeOf(children: ReactNode): { text: string; language: string } | undefined {
  if (!isValidElement<{ className?: string; children?: ReactNode }>(children)) return undefined;
  const { className = "", children: inner } = children.props;
  if (typeof inner !== "string") return undefined;
  return { text: inner.replace(/\n$/, ""), language: /language-(\S+)/.exec(className)?.[1] ?? "" };
}

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
