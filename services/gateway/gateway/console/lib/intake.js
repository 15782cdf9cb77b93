/** Every way a file comes in: dropped anywhere on the page, chosen, or pasted. */

/**
 * Calls `onfile(file, left)` for each file given; `left` counts the others that came with it. What is dropped or
 * pasted counts while `isOpen()`; `tables`: pasted text that looks like a table is one.
 */
export function takeFiles({ input, overlay, isOpen, tables = false, onfile }) {
  const offer = (files) => files.length > 0 && onfile(files[0], files.length - 1);

  input.addEventListener("change", () => {
    offer([...input.files]);
    input.value = ""; // so that choosing the same file again is a change
  });

  // dragenter and dragleave fire for every element passed over: only their balance says whether we are inside.
  let depth = 0;
  const inside = (delta) => {
    depth = delta === 0 ? 0 : Math.max(0, depth + delta);
    overlay.hidden = depth === 0;
  };
  const carriesFiles = (event) => isOpen() && event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => carriesFiles(event) && inside(+1));
  document.addEventListener("dragleave", (event) => carriesFiles(event) && inside(-1));
  document.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    inside(0);
    offer([...event.dataTransfer.files]);
  });

  document.addEventListener("paste", (event) => {
    if (!isOpen() || event.target.closest?.("dialog")) return;
    const files = [...event.clipboardData.files];
    const table = tables && pastedTable(event.clipboardData.getData("text/plain"), event.target.matches?.("textarea, input"));
    if (files.length === 0 && !table) return;
    event.preventDefault();
    offer(files.length > 0 ? files : [table]);
  });
}

/**
 * The pasted text as a file if it looks like a table, else null. In a text field only cells copied from a
 * spreadsheet count (they come with tabs): a question may well have two lines and a comma.
 */
function pastedTable(text, inField) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  if (lines.length < 2) return null;
  const everyLineHas = (delimiter) => lines.slice(0, 5).every((line) => line.includes(delimiter));
  if (everyLineHas("\t")) return new File([text], "pasted.tsv", { type: "text/tab-separated-values" });
  if (inField || !(everyLineHas(",") || everyLineHas(";"))) return null;
  return new File([text], "pasted.csv", { type: "text/csv" });
}
