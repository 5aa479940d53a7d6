/** What a form asks of the API; pure. */

type Body = Record<string, unknown>;

function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A body to create with: what is null is left to its default. */
export function creation(body: Body): Body {
  return Object.fromEntries(
    Object.entries(body)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, isBody(value) ? creation(value) : value]),
  );
}

/** A body to change with: only what the person changed, so that what others changed meanwhile stays as they left it. */
export function changes(before: Body, after: Body): Body {
  const found: Body = {};
  for (const [name, value] of Object.entries(after)) {
    const old = before[name];
    if (name === "config" && isBody(value) && isBody(old)) {
      const parts = changes(old, value);
      if (Object.keys(parts).length > 0) found[name] = parts;
    } else if (JSON.stringify(value) !== JSON.stringify(old)) found[name] = value;
  }
  return found;
}

/** How many things the person changed. */
export function countOf(changed: Body): number {
  const { config, ...rest } = changed;
  return Object.keys(rest).length + (isBody(config) ? Object.keys(config).length : 0);
}
