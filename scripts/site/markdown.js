/**
 * Pages of Markdown as HTML: anchors as GitHub makes them, links between pages, and code with a little
 * colour.
 */
import markdownIt from "markdown-it";

const WORDS =
  "as|async|await|break|case|catch|class|const|continue|default|do|else|export|extends|false|finally|for|from|function|if|implements|import|in|" +
  "instanceof|interface|let|new|null|of|private|readonly|return|satisfies|static|switch|this|throw|true|try|type|typeof|undefined|void|while|yield";
const TOKENS = {
  js: new RegExp(
    `(?<comment>//.*|/\\*[\\s\\S]*?\\*/)|(?<string>"(?:\\\\.|[^"\\\\\\n])*"|'(?:\\\\.|[^'\\\\\\n])*'|\`(?:\\\\.|[^\`\\\\])*\`)|` +
      `(?<word>\\b(?:${WORDS})\\b)|(?<number>\\b\\d[\\d_.]*(?:e-?\\d+)?\\b)`,
    "g",
  ),
  sh: /(?<comment>(?<=^|\s)#.*)|(?<string>"(?:\\.|[^"\\])*"|'[^']*')|(?<word>(?<=^|\n|&& |\| )[\w.-]+)|(?<number>(?<=\s)--?[a-zA-Z][\w-]*)/g,
};
TOKENS.ts = TOKENS.js;

/** Text that HTML does not read as markup. */
export const escaped = (text) =>
  String(text).replace(
    /[&<>"]/g,
    (mark) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[mark],
  );

/** Code with marks around its comments, texts, words and numbers. Nothing of it is markup. */
export function highlighted(code, language) {
  const tokens = TOKENS[language];
  if (!tokens) return escaped(code);
  let html = "";
  let end = 0;
  for (const { 0: text, index, groups } of code.matchAll(tokens)) {
    const [kind] = Object.entries(groups).find(([, found]) => found !== undefined);
    html += `${escaped(code.slice(end, index))}<span class="${kind}">${escaped(text)}</span>`;
    end = index + text.length;
  }
  return html + escaped(code.slice(end));
}

/** The anchor of a heading, as GitHub makes it. */
export const slugOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
    .replaceAll(" ", "-");

/**
 * A page of Markdown as HTML.
 *
 * @param {string} text
 * @param {(href: string) => string} linkOf - where a link or a picture of the page leads in the site
 * @returns {{ title: string, html: string, parts: { anchor: string, heading: string }[] }} with the headings
 * of its parts
 */
export function pageOf(text, linkOf) {
  const md = markdownIt({ html: true, highlight: highlighted });
  const { rules } = md.renderer;
  const tokens = md.parse(text, {});
  const parts = [];
  const used = new Map();
  let title = "";
  for (const [i, token] of tokens.entries()) {
    // a head without words is no head
    if (token.type === "th_open" && tokens[i + 1].content === "") token.tag = tokens[i + 2].tag = "td";
    for (const each of token.children ?? []) {
      for (const name of ["href", "src"]) {
        const target = each.attrGet(name);
        if (target !== null) each.attrSet(name, linkOf(target));
      }
    }
    if (token.type !== "heading_open") continue;
    const heading = plain(tokens[i + 1]);
    const slug = slugOf(heading);
    const before = used.get(slug) ?? 0;
    used.set(slug, before + 1);
    const anchor = before === 0 ? slug : `${slug}-${before}`;
    token.attrSet("id", anchor);
    if (token.tag === "h1" && title === "") title = heading;
    if (token.tag === "h2") parts.push({ anchor, heading });
  }
  rules.table_open = () => '<div class="scrolls" tabindex="0"><table>\n';
  rules.table_close = () => "</table></div>\n";
  rules.fence = (_, i) => {
    const { content, info } = tokens[i];
    return `<pre tabindex="0"><code>${highlighted(content, info.trim().split(/\s/)[0])}</code></pre>\n`;
  };
  return { title, parts, html: md.renderer.render(tokens, md.options, {}) };
}

/** The words of a heading, without its marks. */
const plain = ({ children }) =>
  children.map(({ type, content }) => (type === "text" || type === "code_inline" ? content : "")).join("");
