import { Anchor, Kbd, Modal, Switch, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { modKey } from "../../ui/keys";
import { usePreferences } from "../../ui/preferences";
import { SECTIONS } from "../sections";
import classes from "./keyboard.module.css";

/** Every key that does something, by where it does. */
export function KeyMap({ opened, close }: { opened: boolean; close: () => void }) {
  const { t } = useTranslation();
  const [chosen, change] = usePreferences();
  const mod = modKey();
  const send = chosen.sendWith === "enter" ? ["Enter"] : [mod, "Enter"];
  const line = chosen.sendWith === "enter" ? ["Shift", "Enter"] : ["Enter"];
  return (
    <Modal opened={opened} onClose={close} size="lg" title={t("keys.title")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <div className={classes.groups}>
        <section>
          <Title order={3}>{t("keys.anywhere")}</Title>
          <Keys of={t("keys.finder")} keys={[[mod, "K"], ["/"]]} />
          <Keys of={t("keys.map")} keys={[["?"]]} />
          <Keys of={t("sessions.new")} keys={[["N"]]} />
          <Title order={3} mt="lg">
            {t("keys.chat")}
          </Title>
          <Keys of={t("keys.send")} keys={[send]} />
          <Keys of={t("keys.newLine")} keys={[line]} />
        </section>
        <section>
          <Title order={3}>{t("keys.go")}</Title>
          {SECTIONS.map((section) => (
            <Keys key={section.to} of={t(section.label)} keys={[["G", section.key.toUpperCase()]]} />
          ))}
        </section>
      </div>
      <div className={classes.foot}>
        <Switch
          label={t("keys.single")}
          checked={chosen.shortcuts}
          onChange={(event) => change({ shortcuts: event.currentTarget.checked })}
        />
        <Anchor component={Link} to="/settings" size="sm" underline="always" onClick={close}>
          {t("keys.change")}
        </Anchor>
      </div>
    </Modal>
  );
}

function Keys({ of, keys }: { of: string; keys: readonly (readonly string[])[] }) {
  return (
    <div className={classes.line}>
      <Text size="sm">{of}</Text>
      <span className={classes.keys}>
        {keys.map((chord) => (
          <span key={chord.join("+")} className={classes.chord}>
            {chord.map((key) => (
              <Kbd key={key}>{key}</Kbd>
            ))}
          </span>
        ))}
      </span>
    </div>
  );
}
