/** Plots of the answer: a picture that opens large, with its code and the data behind it. */

import { fetchBlob } from "../lib/api.js";
import { button, download, el, fileName, icon } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { codeView, disclosure } from "./code.js";
import { tableView } from "./table.js";

/** The element for a `Plot` of the contract. `code` made it; `artifact` is the path of the same PNG in the API. */
export function plotView(plot, { code, artifact }) {
  const title = plot.title || t("plot.untitled");
  const shown = { plot, title, code, artifact, image: el("img", { alt: t("plot.alt", { title }) }) };
  const figure = el("figure", { class: "plot" });
  const open = (part) => () => openDialog(shown, part);
  figure.append(
    el("button", { type: "button", class: "plot-open", "aria-label": t("plot.enlarge", { title }), onclick: open(null) }, shown.image, icon("enlarge")),
    el("figcaption", {},
      el("span", { class: "plot-name" }, title),
      el("div", { class: "tools" }, toolsOf(shown),
        code && button(t("plot.code"), "code", open("code"), { class: "button quiet small" }),
        plot.data && button(t("plot.data"), "table", open("data"), { class: "button quiet small" }))),
  );
  showPicture(shown, figure);
  return figure;
}

/** Large results leave the picture out of the answer; then it is fetched as the artifact it also is. */
async function showPicture({ plot, image, artifact }, figure) {
  try {
    image.src = plot.image || URL.createObjectURL(await fetchBlob(artifact));
  } catch {
    figure.replaceChildren(el("p", { class: "muted" }, t("plot.lost")));
  }
}

function toolsOf(shown) {
  const save = async () => download(await pngOf(shown), fileName(shown.title, "png"));
  return button(t("plot.download"), "download", save, { class: "button quiet small" });
}

/** The picture's bytes. A data URI is decoded here: fetching one is against the page's content security policy. */
async function pngOf({ plot, artifact }) {
  if (!plot.image) return fetchBlob(artifact);
  const binary = atob(plot.image.slice(plot.image.indexOf(",") + 1));
  return new Blob([Uint8Array.from(binary, (character) => character.charCodeAt(0))], { type: "image/png" });
}

function openDialog(shown, part) {
  const dialog = document.getElementById("plot-dialog");
  const { plot, title, code, image } = shown;
  const codePart = code && disclosure(t("answer.code"), "code", codeView(code));
  const dataPart = plot.data && disclosure(t("plot.data"), "table", tableView(plot.data));
  if (codePart) codePart.open = part === "code";
  if (dataPart) dataPart.open = part === "data";
  const close = el("button", { type: "button", class: "dialog-close", "aria-label": t("plot.close"), onclick: () => dialog.close() }, icon("close"));
  dialog.replaceChildren(
    el("div", { class: "dialog-head" }, el("h2", { id: "plot-title" }, title), toolsOf(shown), close),
    el("div", { class: "plot-large", tabindex: 0, role: "group", "aria-label": title }, el("img", { src: image.src, alt: image.alt })),
    ...[codePart, dataPart].filter(Boolean),
  );
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close(); // the backdrop belongs to the dialog
  };
  dialog.showModal();
  ({ code: codePart, data: dataPart })[part]?.scrollIntoView({ block: "nearest" });
}
