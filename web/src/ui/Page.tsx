import { Group, Title } from "@mantine/core";
import type { ReactNode } from "react";

import { usePageTitle } from "./pageTitle";

/** A screen: its name once, its main action at the right. */
export function Page({ title, action, children }: { title: string; action?: ReactNode; children: ReactNode }) {
  usePageTitle(title);
  return (
    <div className="page">
      <Group justify="space-between" wrap="nowrap">
        <Title order={1}>{title}</Title>
        {action}
      </Group>
      {children}
    </div>
  );
}
