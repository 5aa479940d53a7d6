import { QueryClient } from "@tanstack/react-query";

import { Problem } from "../api/problem";

const MOST_TRIES = 3;

/** What the gateway said, for as long as it may be believed; only what may pass by itself is asked again. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < MOST_TRIES && error instanceof Problem && error.passing,
      retryDelay: (tries) => Math.min(8_000, 500 * 2 ** tries) * (0.5 + Math.random() / 2),
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});
