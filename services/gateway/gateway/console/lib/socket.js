/** Where the WebSockets of the API are. */

import { address, call } from "./api.js";
import { hasKey } from "./key.js";

/** The address of a WebSocket, with `query` and, if a key is in use, a ticket for this one connection. */
export async function socketAddress(path, query = {}) {
  const url = new URL(address(path));
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  // A browser cannot set headers on a WebSocket, so a key is traded for a short-lived ticket.
  if (hasKey()) url.searchParams.set("ticket", (await call("POST", "v1/tickets")).ticket);
  return url;
}
