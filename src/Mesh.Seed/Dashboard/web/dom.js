// Elements, made and changed without HTML: whatever a vehicle calls itself stays text.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter(child => child !== undefined && child !== null).map(child => child instanceof Node ? child : String(child)));
  return element;
}

export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

export const byId = id => document.getElementById(id);

/** Sets an element's text, and leaves it alone when it is the same: what does not change must not flicker or be read again. */
export function text(element, value) {
  const wanted = value === undefined || value === null ? '' : String(value);
  if (element.textContent !== wanted) element.textContent = wanted;
}

export function attribute(element, name, value) {
  if (value === undefined || value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/**
 * Makes the children of parent those of items, in their order: keeps an item's element by its key, so that focus and
 * selection stay. create(item) makes an element, update(element, item) fills it.
 */
export function list(parent, items, keyOf, create, update) {
  const old = new Map();
  for (const child of [...parent.children]) {
    if (old.has(child.dataset.key)) child.remove(); // Of two with the same key.
    else old.set(child.dataset.key, child);
  }
  let previous = null;
  for (const item of items) {
    const key = String(keyOf(item));
    let element = old.get(key);
    if (element) old.delete(key);
    else {
      element = create(item);
      element.dataset.key = key;
    }
    update(element, item);
    const place = previous ? previous.nextSibling : parent.firstChild;
    if (place !== element) parent.insertBefore(element, place);
    previous = element;
  }
  for (const element of old.values()) element.remove();
}

/**
 * One tab stop for many elements, arrow keys within. next(current, key) tells where a key leads, or nothing.
 * Returns what must be called when the elements have changed.
 */
export function roving(container, selector, next) {
  const all = () => [...container.querySelectorAll(selector)];
  let last = null; // Where the focus was; else the first one is the stop.
  const refresh = () => {
    const elements = all();
    const current = elements.includes(last) ? last : elements[0];
    for (const element of elements) attribute(element, 'tabindex', element === current ? 0 : -1);
  };
  container.addEventListener('keydown', event => {
    const current = event.target.closest(selector);
    if (!current || event.altKey || event.ctrlKey || event.metaKey) return;
    const target = next(current, event.key, all());
    if (!target) return;
    event.preventDefault();
    target.focus();
  });
  container.addEventListener('focusin', event => {
    last = event.target.closest(selector) ?? last;
    refresh();
  });
  return refresh;
}

/** Where keys lead in a list of elements that stand below each other. */
export function upAndDown(current, key, all) {
  const at = all.indexOf(current);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: all.length - 1 }[key];
  return to === undefined ? undefined : all[Math.max(0, Math.min(all.length - 1, to))];
}
