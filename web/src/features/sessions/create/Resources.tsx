import { Group, SegmentedControl, Slider, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { CreateForm } from "./form";
import { PRESETS, presetOf } from "./values";

/** How much it may use: by a word, or by sliders. */
export function Resources({ form }: { form: CreateForm }) {
  const { t } = useTranslation();
  const { cpu, memory } = form.values;
  const preset = presetOf(cpu, memory);
  return (
    <Stack gap="sm">
      <Text size="sm" fw={500} id="size">
        {t("create.size")}
      </Text>
      <SegmentedControl
        aria-labelledby="size"
        value={preset}
        onChange={(chosen) => {
          const found = PRESETS.find((each) => each.name === chosen);
          if (found !== undefined) form.setValues({ cpu: found.cpu, memory: found.memory });
        }}
        data={[
          ...PRESETS.map((each) => ({ value: each.name, label: t(`create.preset.${each.name}`) })),
          // it is not chosen but comes of the sliders
          ...(preset === "own" ? [{ value: "own", label: t("create.preset.own") }] : []),
        ]}
      />
      <Group grow>
        <div>
          <Text size="xs" c="dimmed" id="cpu">
            {t("create.cpuOf", { count: cpu })}
          </Text>
          <Slider
            thumbLabel="CPU"
            min={1}
            max={4}
            step={1}
            marks={[1, 2, 3, 4].map((value) => ({ value }))}
            label={null}
            value={cpu}
            onChange={(value) => form.setFieldValue("cpu", value)}
          />
        </div>
        <div>
          <Text size="xs" c="dimmed">
            {t("sessions.memory")}: {memory}
            {"\u00a0"}GiB
          </Text>
          <Slider
            thumbLabel={t("sessions.memory")}
            min={2}
            max={8}
            step={1}
            marks={[2, 4, 6, 8].map((value) => ({ value }))}
            label={null}
            value={memory}
            onChange={(value) => form.setFieldValue("memory", value)}
          />
        </div>
      </Group>
    </Stack>
  );
}
