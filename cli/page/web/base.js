// What all scripts of a page share: `page`, elements made of texts, the theme.
// Nothing here or elsewhere makes markup of a text: names and values are whatever a scenario says.
'use strict';
const page = {};
(function () {
  const kSvg = 'http://www.w3.org/2000/svg';

  function fill(node, props, children) {
    for (const [name, value] of Object.entries(props || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (typeof value === 'function') node.addEventListener(name, value);
      else if (name === 'style') for (const [k, v] of Object.entries(value)) node.style.setProperty(k, v);
      else node.setAttribute(name, value === true ? '' : String(value));
    }
    for (const child of children.flat()) {
      if (child === null || child === undefined || child === false) continue;
      node.append(child instanceof Node ? child : String(child));
    }
    return node;
  }

  // el('div', {class: 'x', click: f, style: {left: '3px'}}, 'text', el(...))
  page.el = (name, props, ...children) => fill(document.createElement(name), props, children);
  page.svg = (name, props, ...children) => fill(document.createElementNS(kSvg, name), props, children);
  page.clear = (node) => node.replaceChildren();

  page.button = (label, title, click, more) =>
    page.el('button', {type: 'button', title, click, ...more}, label);

  // A switch that shows whether it is on.
  page.toggle = function (label, title, on, change) {
    const button = page.button(label, title, () => set(!on));
    function set(value) {
      on = value;
      button.setAttribute('aria-pressed', String(on));
      change(on);
    }
    button.setAttribute('aria-pressed', String(on));
    button.flip = () => set(!on);
    button.put = set;
    return button;
  };

  page.counted = (n, what) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : /s$/.test(what) ? 'es' : 's'}`;

  // null: as the system says.
  page.theme = function (name) {
    if (name) document.documentElement.dataset.theme = name;
    return document.documentElement.dataset.theme ||
      (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  };
  page.flip_theme = () => page.theme(page.theme() === 'dark' ? 'light' : 'dark');

  // One call a frame, however often it is asked for.
  page.lazily = function (f) {
    let asked = false;
    return function () {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        f();
      });
    };
  };
})();
