// JSON as a person should see it: indented, and otherwise exactly as it was written. Parsing and
// writing it again would round large numbers and hide a key that is there twice.

const DEEPEST = 40; // deeper indentation would make megabytes of a few thousand brackets

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

// What cannot be seen, or makes other text be seen elsewhere: controls, marks of direction.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Return text with escapes in place of what cannot be seen. */
export function visible(text) {
  return text.replace(UNSEEN, (found) =>
    [...Array(found.length).keys()]
      .map((index) => `\\u${found.charCodeAt(index).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** Return pieces of indented JSON, each with a kind; of other text one piece. */
export function jsonPieces(text) {
  try {
    JSON.parse(text);
  } catch {
    return [{ kind: "other", text: visible(text) }];
  }
  const tokens = text.match(TOKEN);
  const pieces = [];
  let depth = 0;
  const space = (written) => pieces.push({ kind: "space", text: written });
  const newLine = () => space(`\n${"  ".repeat(Math.min(depth, DEEPEST))}`);
  tokens.forEach((token, index) => {
    const opens = "{[".includes(token);
    const closes = "}]".includes(token);
    const isEmpty = closes && "{[".includes(tokens[index - 1]);
    if (closes) {
      depth -= 1;
      if (!isEmpty) newLine();
    }
    pieces.push({ kind: kindOf(token, tokens[index + 1]), text: visible(token) });
    if (opens) {
      depth += 1;
      if (!"}]".includes(tokens[index + 1])) newLine();
    }
    if (token === ",") newLine();
    if (token === ":") space(" ");
  });
  return pieces;
}

function kindOf(token, next) {
  if (token.startsWith('"')) return next === ":" ? "key" : "string";
  return "{}[],:".includes(token) ? "mark" : "literal";
}
