/** What is looked for stands in the address: words or a text, and what the texts must have. */

const PARTS = ["q", "like", "language", "topic"];

/** The address of `{q, like, language, topic}`; empty parts may be missing. */
export function addressOf(wanted) {
  const given = PARTS.filter((part) => wanted[part]).map((part) => [part, wanted[part]]);
  return given.length === 0 ? "#/texts" : `#/texts?${new URLSearchParams(given)}`;
}

/** The parts that an address names, the others empty. `query`: its `URLSearchParams`. */
export const wantedBy = (query) => Object.fromEntries(PARTS.map((part) => [part, query.get(part) ?? ""]));
