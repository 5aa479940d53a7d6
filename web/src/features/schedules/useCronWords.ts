import { useQuery } from "@tanstack/react-query";

import { language } from "../../i18n";
import { cronWords } from "./cron";

/** The words of a cron expression in the person's language. */
export function useCronWords(cron: string): string | undefined {
  const tongue = language();
  const { data } = useQuery({
    queryKey: ["cron-words", tongue, cron],
    queryFn: async () => (await cronWords(cron, tongue)) ?? "",
    staleTime: Infinity,
    gcTime: 60_000,
  });
  return data === "" ? undefined : data;
}
