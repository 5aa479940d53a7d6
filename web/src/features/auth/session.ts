import { api, data, onSignedOut, setCsrf, type Schemas } from "../../api/client";
import { Problem } from "../../api/problem";
import { queries } from "../../app/queries";

/** Who is signed in. The cookie is the browser's business: no script can read it, and this code never sees a token again. */

export type SignedIn = Schemas["SignedIn"];

let known: SignedIn | undefined;
let asking: Promise<SignedIn | undefined> | undefined;

/** Whoever is not known any more begins anew, at once: nothing of theirs stays on the page or in its memory. */
onSignedOut(() => {
  if (known === undefined) return;
  known = undefined;
  const here = location.pathname + location.search;
  location.assign(`/sign-in?to=${encodeURIComponent(here)}`);
});

function keep(found: SignedIn): SignedIn {
  known = found;
  setCsrf(found.csrf_token);
  return found;
}

/** The token that a printed address carries in its fragment, which no server ever sees; it leaves the address at once. */
function tokenOfAddress(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return undefined;
  history.replaceState(null, "", location.pathname + location.search);
  return token;
}

/** The address to go on to: one of ours, or the first screen. Whoever sent the link must not choose another place. */
export function ownPath(to: unknown): string {
  return typeof to === "string" && /^\/(?![/\\])/.test(to) ? to : "/";
}

export async function signIn(token: string): Promise<SignedIn> {
  const found = keep(await data(api.POST("/api/v1/sign-in", { body: { token } })));
  queries.clear();
  return found;
}

export async function signOut(): Promise<void> {
  await api.DELETE("/api/v1/sign-in");
  location.assign("/sign-in");
}

async function ask(): Promise<SignedIn | undefined> {
  const token = tokenOfAddress();
  if (token !== undefined) {
    try {
      return await signIn(token);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
    }
  }
  try {
    return keep(await data(api.GET("/api/v1/sign-in")));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return undefined;
    throw error;
  }
}

export async function ensureSignedIn(): Promise<SignedIn | undefined> {
  if (known !== undefined) return known;
  asking ??= ask().finally(() => {
    asking = undefined;
  });
  return asking;
}

export function signedIn(): SignedIn {
  if (known === undefined) throw new Error("nobody is signed in");
  return known;
}
