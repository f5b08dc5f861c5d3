// Removes comments from the modules of dist/: those of what is exported are in the declarations, and all
// others would be a tenth of what is installed. Annotations of pure calls stay, which bundlers read.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const dist = fileURLToPath(new URL("../dist", import.meta.url));

function withoutComments(text) {
  const tree = ts.createSourceFile("module.js", text, ts.ScriptTarget.Latest, true);
  const comments = new Map();
  const visit = (node) => {
    if (ts.isJSDoc(node)) return;
    const around = [ts.getLeadingCommentRanges(text, node.pos), ts.getTrailingCommentRanges(text, node.end)];
    for (const { pos, end } of around.flatMap((ranges) => ranges ?? []))
      if (!text.slice(pos, end).includes("__PURE__")) comments.set(pos, end);
    for (const child of node.getChildren(tree)) visit(child);
  };
  visit(tree);
  let kept = "";
  let at = 0;
  for (const [pos, end] of [...comments].sort(([a], [b]) => a - b)) {
    const line = text.lastIndexOf("\n", pos) + 1;
    const next = text.indexOf("\n", end) + 1 || text.length;
    const isAlone = `${text.slice(line, pos)}${text.slice(end, next)}`.trim() === "";
    kept += text.slice(at, isAlone ? Math.max(at, line) : pos);
    at = isAlone ? next : end;
  }
  return kept + text.slice(at);
}

for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (!name.endsWith(".js")) continue;
  const path = join(dist, name);
  writeFileSync(path, withoutComments(readFileSync(path, "utf8")));
}
