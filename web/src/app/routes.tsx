import { createRootRoute, createRoute, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";

import { ensureSignedIn, ownPath } from "../features/auth/session";
import { Broken } from "./Away";
import { NotFound } from "./NotFound";
import { Shell } from "./shell/Shell";

/** The frame that screens hang in: each feature has its own `routes.tsx` with the addresses of its screens. */

export const rootRoute = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { to?: string } => ({ to: ownPath(search.to) }),
  component: lazyRouteComponent(() => import("../features/auth/SignIn"), "SignIn"),
});

export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  component: Shell,
  errorComponent: Broken,
  beforeLoad: async ({ location }) => {
    if ((await ensureSignedIn()) === undefined) throw redirect({ to: "/sign-in", search: { to: location.href } });
  },
});

/** An address that nothing has is told within the frame, so that there is a way on. */
export const missingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "$",
  component: NotFound,
});
