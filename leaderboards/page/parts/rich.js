// Texts of models as they are meant: a little Markdown, formulas, folded thinking, and what was read, marked.
// Every part becomes an element made here with text in it: no markup of a text is ever parsed.

const MOST_DEEP = 4;
const LIST_ITEM = /^(\s{0,8})([-*+•]|\d{1,3}[.)])\s+/;
const INLINE =
  /\\\(([^\n]{1,1000}?)\\\)|\\\[([^\n]{1,1000}?)\\\]|\$\$([^\n]{1,1000}?)\$\$|\$(?![\s$])([^$\n]{1,500}?)(?<![\s\\])\$(?!\d)|(\\boxed\s{0,2}\{)|`([^`\n]{1,500})`|\*\*(?=\S)([^\n]{1,1000}?)\*\*|\*(?![\s*])([^*\n]{1,500}?)(?<!\s)\*/g;

/** The text as elements; `read` is marked where it stands last. */
function richText(text, read = null) {
  const state = { mark: markOfRead(text, read), until: performance.now() + MATH_PAUSE };
  const end = text.indexOf("</think>");
  if (end < 0) return blocks(text, 0, state);
  const start = text.startsWith("<think>") ? 7 : 0;
  const thought = text.slice(start, end);
  const inside = state.mark !== null && state.mark[0] < end;
  return [
    h(
      "details",
      { class: "thinking", open: inside },
      h("summary", {}, `Thinking, ${counted(thought.trim().length, "character")}`),
      blocks(thought, start, state),
    ),
    ...blocks(text.slice(end + 8), end + 8, state),
  ];
}

/** Where what was read stands: in a box, or else where it stands last as a word of its own, or null. */
function markOfRead(text, read) {
  if (read === null || read === "") return null;
  const boxed = text.lastIndexOf(`{${read}}`);
  if (boxed >= 0) return [boxed + 1, boxed + 1 + read.length];
  const letter = (at) => at >= 0 && at < text.length && /[\p{L}\p{N}.]/u.test(text[at]) && !/[.]\s|[.]$/.test(text.slice(at, at + 2));
  for (let at = text.lastIndexOf(read), tries = 0; at >= 0 && tries < 200; at = at > 0 ? text.lastIndexOf(read, at - 1) : -1, tries++)
    if (!letter(at - 1) && !letter(at + read.length)) return [at, at + read.length];
  return null;
}

function blocks(text, offset, state) {
  const found = [],
    lines = text.split("\n");
  let at = offset,
    paragraph = null,
    list = null;
  const close = () => {
    if (paragraph !== null) {
      const [start, end] = paragraph;
      const words = text.slice(start - offset, end - offset);
      if (words.trim()) found.push(h("p", {}, inline(words, start, state)));
    }
    paragraph = list = null;
  };
  for (let n = 0; n < lines.length; n++) {
    const line = lines[n],
      start = at;
    at += line.length + 1;
    const fence = /^\s{0,3}(```|~~~)/.exec(line);
    const display = /^\s{0,8}(\$\$|\\\[)\s*/.exec(line);
    const closed = fence ? closing(lines, n, (one) => one.trim().startsWith(fence[1])) : -1;
    if (fence && closed > n) {
      close();
      found.push(h("pre", { class: "code" }, marked(lines.slice(n + 1, closed).join("\n"), at, state)));
      for (; n < closed; n++) at += lines[n + 1].length + 1;
      continue;
    }
    if (display) {
      const ending = display[1] === "$$" ? "$$" : "\\]";
      const rest = line.slice(display[0].length);
      const last = rest.includes(ending) ? n : closing(lines, n, (one) => one.includes(ending));
      if (last >= n) {
        const whole = [rest, ...lines.slice(n + 1, last + 1)].join("\n");
        const size = whole.indexOf(ending);
        const after = whole.slice(size + ending.length);
        if (after.trim() === "" || after.trim().length < 3) {
          close();
          const from = start + display[0].length;
          found.push(h("p", {}, formula(whole.slice(0, size), true, from, from + size, state), after.trim()));
          for (; n < last; n++) at += lines[n + 1].length + 1;
          continue;
        }
      }
    }
    if (line.trim() === "") {
      close();
      continue;
    }
    const heading = /^#{1,6}\s+/.exec(line);
    if (heading) {
      close();
      found.push(h("p", { class: "heading" }, inline(line.slice(heading[0].length), start + heading[0].length, state)));
      continue;
    }
    const item = LIST_ITEM.exec(line);
    if (item) {
      const numbered = /\d/.test(item[2]);
      if (paragraph !== null || list === null || (list.tagName === "OL") !== numbered) {
        close();
        list = h(numbered ? "ol" : "ul", numbered ? { start: parseInt(item[2], 10) } : {});
        found.push(list);
      }
      const words = inline(line.slice(item[0].length), start + item[0].length, state);
      list.append(h("li", { class: item[1].length > 1 ? "deep" : null }, words));
      continue;
    }
    if (list !== null) list = null;
    paragraph = paragraph === null ? [start, start + line.length] : [paragraph[0], start + line.length];
  }
  close();
  return found;
}

/** The next line after `from` of which something is true, within 200 lines; -1 for none. */
function closing(lines, from, test) {
  for (let n = from + 1; n < Math.min(lines.length, from + 200); n++) if (test(lines[n])) return n;
  return -1;
}

function inline(text, offset, state, depth = 0) {
  const found = [];
  let done = 0;
  INLINE.lastIndex = 0;
  for (let match = INLINE.exec(text); match !== null; match = INLINE.exec(text)) {
    let end = match.index + match[0].length;
    const [, round, square, dollars, dollar, box, code, strong, soft] = match;
    const source = round ?? square ?? dollars ?? dollar;
    let node = null;
    const from = offset + match.index;
    if (source !== undefined) node = formula(source, dollars !== undefined || square !== undefined, from, offset + end, state);
    else if (box !== undefined) {
      end = braceEnd(text, end);
      if (end < 0 || text.slice(match.index, end).replace(/\s/g, "").endsWith("boxed{}")) continue; // what a prompt asks for
      node = formula(text.slice(match.index, end), false, from, offset + end, state);
    } else if (code !== undefined) node = h("code", {}, marked(code, from + 1, state));
    else if (depth < MOST_DEEP) {
      const skipped = strong === undefined ? 1 : 2;
      const resume = INLINE.lastIndex;
      node = h(strong === undefined ? "em" : "strong", {}, inline(strong ?? soft, from + skipped, state, depth + 1));
      INLINE.lastIndex = resume;
    }
    if (node === null) continue;
    found.push(...marked(text.slice(done, match.index), offset + done, state), node);
    done = end;
    INLINE.lastIndex = end;
  }
  return [...found, ...marked(text.slice(done), offset + done, state)];
}

/** The place after the brace that closes the one before `from`; -1 if none does within 500 characters. */
function braceEnd(text, from) {
  let open = 1;
  for (let at = from; at < Math.min(text.length, from + 500); at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "{") open++;
    else if (text[at] === "}" && --open === 0) return at + 1;
  }
  return -1;
}

function formula(source, display, start, end, state) {
  const node = mathNode(source.trim(), display, state.until);
  const hit = state.mark !== null && state.mark[0] < end && state.mark[1] > start;
  return hit ? h("mark", { title: "what was read" }, node) : node;
}

/** A text as nodes, with the part that was read in a mark. */
function marked(text, offset, state) {
  if (state.mark === null) return text ? [text] : [];
  const [start, end] = [Math.max(0, state.mark[0] - offset), Math.min(text.length, state.mark[1] - offset)];
  if (start >= end) return text ? [text] : [];
  return [text.slice(0, start), h("mark", { title: "what was read" }, text.slice(start, end)), text.slice(end)].filter(
    (part) => part !== "",
  );
}
