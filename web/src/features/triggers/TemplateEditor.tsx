import { Button, Input, Menu, Text } from "@mantine/core";
import { IconBraces } from "@tabler/icons-react";
import { useId, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { insertables, type Insertable } from "./insertables";
import { piecesOf } from "./template";
import classes from "./triggers.module.css";

interface Props {
  label: string;
  description?: ReactNode;
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
  onBlur?: () => void;
  error?: ReactNode;
  /** The line that the error is about, from 1. */
  wrongLine?: number | undefined;
  /** The events whose values are offered. */
  events: readonly string[];
  /** An expression of one line or two: no line numbers, and values are put in without their braces. */
  short?: "expression" | "text";
}

/** A template: what is filled in stands out, lines have numbers, and nobody has to know the names by heart. */
export function TemplateEditor({ label, description, placeholder, value, onChange, onBlur, error, wrongLine, events, short }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const text = useRef<HTMLTextAreaElement>(null);
  const invalid = error !== undefined && error !== null && error !== "";

  const insert = (piece: Insertable): void => {
    const field = text.current;
    const written = short === "expression" && piece.bare !== undefined ? piece.bare : piece.text;
    const [start, end] = field === null ? [value.length, value.length] : [field.selectionStart, field.selectionEnd];
    onChange(value.slice(0, start) + written + value.slice(end));
    requestAnimationFrame(() => {
      field?.focus();
      field?.setSelectionRange(start + written.length, start + written.length);
    });
  };

  return (
    <div>
      <div className={classes.labelRow}>
        <Input.Label htmlFor={id}>{label}</Input.Label>
        <InsertMenu events={events} expression={short === "expression"} insert={insert} label={label} />
      </div>
      {description !== undefined && (
        <Input.Description id={`${id}-help`} mb={5}>
          {description}
        </Input.Description>
      )}
      <div className={classes.editor} data-short={short !== undefined} data-invalid={invalid}>
        <div className={classes.mirror} aria-hidden>
          {value.split("\n").map((line, index) => (
            // a line is known by its number alone
            <div key={index} className={classes.line} data-wrong={invalid && wrongLine === index + 1}>
              {short === "expression"
                ? line
                : piecesOf(line).map((piece, at) =>
                    piece.code ? (
                      <span key={at} className={classes.code}>
                        {piece.text}
                      </span>
                    ) : (
                      piece.text
                    ),
                  )}
            </div>
          ))}
        </div>
        <textarea
          ref={text}
          id={id}
          className={classes.text}
          value={value}
          placeholder={placeholder}
          rows={1}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          maxLength={16_384}
          aria-invalid={invalid}
          aria-describedby={[description === undefined ? "" : `${id}-help`, invalid ? `${id}-error` : ""].join(" ").trim() || undefined}
          onChange={(event) => onChange(event.currentTarget.value)}
          onBlur={onBlur}
        />
      </div>
      {value.length > 15_000 && (
        <Text size="xs" c="dimmed">
          {t("triggers.template.length", { count: value.length })}
        </Text>
      )}
      {invalid && (
        <Input.Error id={`${id}-error`} mt={5} role="alert">
          {error}
        </Input.Error>
      )}
    </div>
  );
}

function InsertMenu({
  events,
  expression,
  insert,
  label,
}: {
  events: readonly string[];
  expression: boolean;
  insert: (piece: Insertable) => void;
  label: string;
}) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end" withinPortal returnFocus={false}>
      <Menu.Target>
        <Button
          variant="subtle"
          size="compact-xs"
          leftSection={<IconBraces size={14} aria-hidden />}
          aria-label={`${t("triggers.template.insert")}: ${label}`}
        >
          {t("triggers.template.insert")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.insertList}>
        {insertables(events, expression).map((group) => (
          <div key={group.name} role="group" aria-label={t(`triggers.template.group.${group.name}`)}>
            <Menu.Label>{t(`triggers.template.group.${group.name}`)}</Menu.Label>
            {group.pieces.map((piece) => (
              <Menu.Item key={piece.shown} onClick={() => insert(piece)}>
                <span className={classes.piece}>
                  <code>{piece.shown}</code>
                  <span>{t(`triggers.template.piece.${piece.says}`)}</span>
                </span>
              </Menu.Item>
            ))}
          </div>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
