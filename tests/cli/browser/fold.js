// Driven in a browser over a page of an execution that was not shrunk: what the failure does not depend on is folded.
(async function () {
  const said = [];
  const check = (right, what) => said.push(`${right ? 'ok' : 'WRONG'}: ${what}`);
  const wait = () => new Promise((done) => setTimeout(done, 60));
  const key = async (name) => {
    document.dispatchEvent(new KeyboardEvent('keydown', {key: name, bubbles: true, cancelable: true}));
    await wait();
  };
  const all = (what) => [...document.querySelectorAll(what)];
  const one = (what) => document.querySelector(what);
  const text = (what) => (one(what) ? one(what).textContent : '');
  const label = () => text('.label');
  await wait();

  // Folding: what the failure does not depend on.
  await key('Home');
  const folded = all('.row.fold').length, rows = all('.diagram .row').length;
  check(folded > 0 && /the failure does not depend on/.test(text('.row.fold')), 'what the failure does not depend on is folded');
  one('.row.fold').click();
  await wait();
  check(all('.row.fold').length === folded - 1, 'a click unfolds it');
  await key('f');
  check(one('.row.fold') === null, 'f shows a row a step');
  await key('f');
  check(all('.row.fold').length === folded && all('.diagram .row').length === rows, 'f folds all again');


  document.body.append(page.el('pre', {id: 'said'}, said.join('\n') + '\nEND'));
})();
