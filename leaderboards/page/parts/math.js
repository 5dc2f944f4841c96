// Formulas by KaTeX, as MathML that browsers draw themselves: no fonts, no markup that is parsed, nothing that is loaded.

const LONGEST_FORMULA = 2_000; // characters
const MATH_PAUSE = 1_000; // milliseconds of formulas in one text; later ones stay as they are written
const FORMULA = {
  output: "mathml",
  throwOnError: true,
  trust: false, // no links, pictures, classes or styles
  strict: "ignore",
  errorColor: "currentcolor",
  maxSize: 20, // em
  maxExpand: 200, // macros
};
const BLACKBOARD = { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" };

/** A formula; as it is written where it is too long, wrong, or KaTeX is not in the page. */
function mathNode(source, display, until) {
  const written = () => h("code", { class: "tex" }, source);
  if (!window.katex || source.length > LONGEST_FORMULA || performance.now() > until) return written();
  const holder = h("span", { class: display ? "formula display" : "formula" });
  try {
    window.katex.render(source, holder, { ...FORMULA, displayMode: display });
  } catch {
    return written();
  }
  for (const one of holder.querySelectorAll("[mathvariant=double-struck]")) one.textContent = blackboard(one.textContent);
  return holder;
}

/** Letters with a double stroke, which MathML of browsers has no variant for. */
const blackboard = (text) =>
  [...text]
    .map((letter) => BLACKBOARD[letter] ?? (/[A-Z]/.test(letter) ? String.fromCodePoint(0x1d4f7 + letter.charCodeAt(0)) : letter))
    .join("");
