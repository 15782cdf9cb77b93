/** Words for people, for everything a call can fail with. */

import { has, t } from "./i18n.js";

// Here the server's sentence says more than the status: what is wrong with the file or the question, and where.
const SERVER_EXPLAINS = new Set([404, 409, 410, 413, 415, 422]);

/** One or two sentences on an `ApiError`. */
export function wordsFor(error) {
  if (error.status === 0) return t("error.network");
  if (error.status === 429 && error.retryAfter) return t("error.429.after", { n: Math.ceil(error.retryAfter) });
  const key = `error.${error.status}`;
  const words = has(key) ? t(key) : t("error.other", { status: error.status });
  return SERVER_EXPLAINS.has(error.status) && error.detail ? `${words} ${error.detail}` : words;
}
