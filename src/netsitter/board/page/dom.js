// Elements made from values. Text goes in as text, never as markup, whatever it holds.

const SVG = "http://www.w3.org/2000/svg";

/** An element. attributes: by name; a function is a listener; null and false are left out. children: nodes, text, lists. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An element of a drawing. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** Makes a box hold one child an item, and touches only those whose item has changed, so that focus and scroll stay. */
export function sync(box, items, key, make) {
  const old = new Map([...box.children].map((child) => [child.dataset.key, child]));
  let place = box.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const told = JSON.stringify(item);
    let child = old.get(name);
    if (!child || child.told !== told) {
      const fresh = make(item);
      fresh.dataset.key = name;
      fresh.told = told;
      if (child) {
        carry(child, fresh);
        if (place === child) place = fresh;
        child.replaceWith(fresh);
      }
      child = fresh;
    }
    old.delete(name);
    if (child === place) place = place.nextElementSibling;
    else box.insertBefore(child, place);
  }
  for (const child of old.values()) child.remove();
}

// What a user has opened or picked in an element goes over to the one that takes its place.
function carry(from, to) {
  const opened = [...from.querySelectorAll("details")].map((each) => each.open);
  [...to.querySelectorAll("details")].forEach((each, place) => { each.open = opened[place] ?? each.open; });
  const focused = from.contains(document.activeElement) ? document.activeElement : null;
  if (!focused) return;
  const path = [...from.querySelectorAll("a, button, input, summary, [tabindex]")].indexOf(focused);
  queueMicrotask(() => {
    const target = path < 0 ? to : to.querySelectorAll("a, button, input, summary, [tabindex]")[path];
    target?.focus({ preventScroll: true });
  });
}

/** Sets an element's text where it is another; nothing moves otherwise. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
