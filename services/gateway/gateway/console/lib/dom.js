/**
 * Builds elements. Strings become text nodes and nothing else: what a person, a file or a model wrote never turns
 * into markup. No other module of the console creates HTML from strings.
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes and children. `on…` attributes are listeners; null, undefined and false are left out,
 * both as attribute and as child.
 */
export function el(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

/** The same for a part of a drawing. */
export function svg(tag, attributes = {}, ...children) {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

function furnished(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A decorative icon from the sprite in `index.html`; the control that holds it carries the label. */
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#icon-${name}` }));
}

/** A button with an icon and a visible label. */
export function button(label, iconName, onclick, attributes = {}) {
  return el("button", { type: "button", class: "button", onclick, ...attributes }, iconName && icon(iconName), el("span", {}, label));
}

/** Has a screen reader say `words`, when they are others than before. */
export function announce(words) {
  const announcer = document.getElementById("announcer");
  if (announcer.textContent !== words) announcer.textContent = words;
}

/** Offers `blob` to the person as a download called `name`. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  // The browser has taken the blob once the click is handled; a second covers the slow ones.
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** A file name made from words: letters and digits of any script, joined by hyphens, at most 60 characters. */
export function fileName(words, extension) {
  const stem = words.normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60);
  return `${stem || "warren"}.${extension}`;
}
