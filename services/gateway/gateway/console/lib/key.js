/** The API key, for gateways that want one. It stays in this tab: `sessionStorage`, gone when the tab closes. */

const STORED = "warren.key";

let asking = null;

/** The headers that prove who is calling; empty without a key. */
export function authorization() {
  const key = sessionStorage.getItem(STORED);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Whether a key is in use. */
export const hasKey = () => sessionStorage.getItem(STORED) !== null;

/** Forgets the key and starts over. */
export function forgetKey() {
  sessionStorage.removeItem(STORED);
  location.reload();
}

/**
 * Asks for a key in a dialog, once for all calls that wait for it. Resolves to false when the person closes the
 * dialog. `rejected`: a key was given and the server did not accept it.
 */
export function askForKey(rejected) {
  asking ??= ask(rejected).finally(() => (asking = null));
  return asking;
}

function ask(rejected) {
  const dialog = document.getElementById("key-dialog");
  const input = dialog.querySelector("input");
  dialog.querySelector("[role=alert]").hidden = !rejected;
  dialog.returnValue = "";
  input.value = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const key = dialog.returnValue === "use" ? input.value.trim() : "";
      if (key) sessionStorage.setItem(STORED, key);
      document.body.dispatchEvent(new CustomEvent("warren:key"));
      resolve(key !== "");
    }, { once: true });
  });
}
