/** Which fold of the form a field of its session stands in: what is wrong in one opens it and no other; pure. */

const ADVANCED = /^session\.(?:model|image|volume|volumeGib|volumeFrom|keep|env\..*|servers\..*)$/;
/** Which session is told: this part is never folded. */
const REUSE = /^session\.(?:reuse|reuseKey|sessionId)$/;

export function isWrong(fold: "session" | "advanced", errors: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(errors).some(([path, error]) => {
    if (error === undefined || error === null || error === "" || !path.startsWith("session.")) return false;
    return fold === "advanced" ? ADVANCED.test(path) : !ADVANCED.test(path) && !REUSE.test(path);
  });
}
