/** A transcript as a file: plain text, SubRip (SRT) and WebVTT. Segments are `{start, end, text}`, times in seconds. */

/** One utterance on each line. */
export const txt = (segments) => segments.map(({ text }) => `${text}\n`).join("");

/** Numbered cues, with a comma before the milliseconds. */
export const srt = (segments) => segments.map((segment, n) => `${n + 1}\n${cue(segment, ",")}${segment.text}\n`).join("\n");

/** A WebVTT file; characters that it gives a meaning are escaped. */
export const vtt = (segments) =>
  ["WEBVTT\n", ...segments.map((segment) => `${cue(segment, ".")}${escaped(segment.text)}\n`)].join("\n");

function cue({ start, end }, mark) {
  return `${time(start, mark)} --> ${time(end, mark)}\n`;
}

function time(seconds, mark) {
  const milliseconds = Math.round(seconds * 1000);
  const part = (size, of, digits) => String(Math.floor(milliseconds / size) % of).padStart(digits, "0");
  return `${part(3_600_000, Infinity, 2)}:${part(60_000, 60, 2)}:${part(1000, 60, 2)}${mark}${part(1, 1000, 3)}`;
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
