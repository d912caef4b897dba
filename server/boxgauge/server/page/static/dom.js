// Elements, made so that nothing from outside is ever read as markup.

const SVG = "http://www.w3.org/2000/svg";

// Returns an HTML element. Attributes that are null or false are left out, `on…` are listeners,
// texts among the children become text nodes.
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

// Returns an SVG element, likewise.
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children
      .flat(Infinity)
      .filter((each) => each !== null && each !== undefined && each !== false),
  );
  return element;
}

// Replaces what is in an element; focus and scrolling stay with what has the same `data-keep`.
export function replace(element, ...children) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const keep = focused?.dataset.keep;
  const caret = focused?.selectionStart;
  const scrolled = new Map(
    [...element.querySelectorAll("[data-keep]")].map((each) => [
      each.dataset.keep,
      each.scrollLeft,
    ]),
  );
  element.replaceChildren(...children.flat(Infinity).filter(Boolean));
  for (const each of element.querySelectorAll("[data-keep]")) {
    each.scrollLeft = scrolled.get(each.dataset.keep) ?? 0;
    if (each.dataset.keep !== keep) continue;
    each.focus({ preventScroll: true });
    if (caret !== null && caret !== undefined) each.setSelectionRange?.(caret, caret);
  }
}
