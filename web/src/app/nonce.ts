/** The nonce that the gateway gave this page: styles that are made at run time carry it, or the browser refuses them. */
export function nonce(): string {
  const tag = document.querySelector<HTMLElement>("script[nonce], link[nonce], style[nonce]");
  return tag?.nonce ?? "";
}
