import { ActionIcon, Button, Menu, Skeleton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDots, IconFlask, IconKey, IconPencil, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api } from "../../../api/client";
import { Failure } from "../../../ui/Failure";
import { toastDone, toastProblem } from "../../../ui/toast";
import { ConfirmDelete } from "../../triggers/ConfirmDelete";
import { Head } from "../../triggers/Head";
import { Waiting } from "../../triggers/Waiting";
import { EnabledSwitch } from "../EnabledSwitch";
import { EditWebhook } from "../form/EditWebhook";
import { webhookQuery } from "../queries";
import { Made } from "../secret/Made";
import { takeMade } from "../secret/justMade";
import { RotateDialog } from "../secret/RotateDialog";
import type { Webhook } from "../values";
import { Deliveries } from "./Deliveries";
import { Overview } from "./Overview";

const route = getRouteApi("/shell/webhooks/$webhookId");

/** One webhook: what it reacts to, and what came of everything that came. */
export function WebhookPage() {
  const { t } = useTranslation();
  const { webhookId } = route.useParams();
  const { tab, delivery } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery(webhookQuery(webhookId));
  const [made, setMade] = useState(() => takeMade(webhookId));
  if (made !== undefined && made.webhook_id === webhookId) return <Made webhook={made} done={() => setMade(undefined)} />;
  if (data === undefined) {
    return error === null ? (
      <div className="page" aria-busy>
        <Skeleton height={28} width={240} />
        <Skeleton height={140} />
        <Skeleton height={320} />
      </div>
    ) : (
      <Failure error={error} retry={() => void refetch()} />
    );
  }
  if (tab === "edit") {
    return (
      <div className="page">
        <Head
          back={{ link: { to: "/webhooks/$webhookId", params: { webhookId } }, label: data.name }}
          title={t("webhooks.editTitle")}
        />
        <EditWebhook key={webhookId} webhook={data} delivery={delivery} close={() => void navigate({ search: {} })} />
      </div>
    );
  }
  return (
    <div className="page">
      <Head
        back={{ link: { to: "/webhooks" }, label: t("webhooks.title") }}
        title={data.name}
        beside={<EnabledSwitch webhook={data} labelled />}
      >
        <Actions webhook={data} edit={() => void navigate({ search: { tab: "edit" } })} />
      </Head>
      <Overview webhook={data} />
      <Waiting kind="webhook" id={webhookId} />
      <Deliveries webhook={data} />
    </div>
  );
}

function Actions({ webhook, edit }: { webhook: Webhook; edit: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = route.useNavigate();
  const [rotating, rotation] = useDisclosure(false);
  const [deleting, deletion] = useDisclosure(false);
  const remove = useMutation({
    mutationFn: () =>
      api.DELETE("/api/v1/webhooks/{webhook_id}", { params: { path: { webhook_id: webhook.webhook_id } } }),
    onSuccess: async () => {
      toastDone(t("triggers.deleted", { name: webhook.name }));
      await navigate({ to: "/webhooks" });
      queries.removeQueries({ queryKey: webhookQuery(webhook.webhook_id).queryKey });
      await queries.invalidateQueries({ queryKey: ["webhooks", "list"] });
    },
    onError: toastProblem,
  });
  return (
    <>
      <Button variant="default" leftSection={<IconFlask size={16} aria-hidden />} onClick={edit}>
        {t("webhooks.try.title")}
      </Button>
      <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={edit}>
        {t("action.edit")}
      </Button>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size={36} aria-label={t("action.more")}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconKey size={16} aria-hidden />} onClick={rotation.open}>
            {t("webhooks.rotate")}
          </Menu.Item>
          <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={deletion.open}>
            {t("action.delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <RotateDialog webhook={webhook} opened={rotating} close={rotation.close} />
      <ConfirmDelete
        title={t("triggers.deleteTitle", { name: webhook.name })}
        opened={deleting}
        close={deletion.close}
        remove={() => remove.mutate()}
        removing={remove.isPending}
      >
        {t("webhooks.deleteHelp")}
      </ConfirmDelete>
    </>
  );
}
