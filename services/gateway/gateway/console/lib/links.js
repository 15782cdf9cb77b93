/** Links to places that posts and models name: only to web pages, and never with this page's address. */

import { el, icon } from "./dom.js";

/** The address if it leads to a web page, else null. */
export function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** `words` as a link to `address`, or just the words when it leads nowhere one may go. */
export function outward(words, address, attributes = {}) {
  const href = webAddress(address);
  if (href === null) return el("span", { dir: "auto" }, words);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer nofollow", dir: "auto", ...attributes }, words, icon("link"));
}
