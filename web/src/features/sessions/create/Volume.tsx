import { Checkbox, Group, NumberInput, Select, Stack } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { quantity } from "../../../ui/format";
import { volumeList } from "../../volumes/queries";
import type { Part } from "./part";
import type { Provisions } from "./provisions";
import { NOTHING_STORED, type Stored } from "./stored";

/** Whether its files are on a volume: a new one, or one that was kept (S5). */
export function Volume({
  form,
  stored = NOTHING_STORED,
}: {
  form: Part<Pick<Provisions, "volume" | "volumeGib" | "keep" | "volumeFrom">>;
  stored?: Stored;
}) {
  const { t } = useTranslation();
  const wanted = form.values.volume;
  const kept = useInfiniteQuery({ ...volumeList, enabled: wanted });
  const volumes = (kept.data?.pages.flatMap((page) => page.volumes) ?? []).filter(
    (each) => each.in_use_by == null && !each.deleting,
  );
  const from = form.values.volumeFrom;
  const known = volumes.map((each) => ({
    value: each.volume_id,
    label: `${each.session_name ?? each.session_id} (${quantity(each.size)})`,
  }));
  // one that was chosen by its address stays chosen while the list is on its way
  if (from !== "" && !known.some(({ value }) => value === from)) known.push({ value: from, label: from });
  return (
    <Stack gap="sm">
      <Checkbox
        label={t("create.volume")}
        description={t("create.volumeHelp")}
        {...form.getInputProps("volume", { type: "checkbox" })}
      />
      {wanted && (
        <Group align="flex-end" pl={28}>
          {known.length > 0 && (
            <Select
              label={t("create.volumeFrom")}
              w={280}
              maw="100%"
              clearable
              placeholder={t("create.volumeNew")}
              data={known}
              value={from === "" ? null : from}
              error={form.errors.volumeFrom}
              onChange={(value) => form.setFieldValue("volumeFrom", value ?? "")}
            />
          )}
          {from === "" && (
            <NumberInput
              label={t("create.volumeGib")}
              w={120}
              // a size that is stored is not changed by walking over it
              min={Math.min(1, stored.volumeGib ?? 1)}
              max={Math.max(1_000, stored.volumeGib ?? 0)}
              allowDecimal={false}
              {...form.getInputProps("volumeGib")}
            />
          )}
          <Checkbox label={t("create.keep")} pb={8} {...form.getInputProps("keep", { type: "checkbox" })} />
        </Group>
      )}
    </Stack>
  );
}
