/** Who chats in this browser: a name of chance, kept here, so that topics and what was read stay with the person. */

import { idempotencyKey } from "../lib/api.js";

const STORED = "warren.person";

/** The `user_id`. */
export function person() {
  let id = localStorage.getItem(STORED);
  if (!id) {
    id = `console-${idempotencyKey().slice(0, 16)}`;
    localStorage.setItem(STORED, id);
  }
  return id;
}
