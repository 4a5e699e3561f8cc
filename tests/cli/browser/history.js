// Driven over the page of a queue that loses an element and of a cycle of transactions.
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
  await wait();

  // The first file: x and y are keys, y is wrong: it was 1, then 2, and is read as 1.
  check(all('.top [role=tab]').length === 3, 'a tab a history, and one of all files');
  check(text('.pill') === 'not linearizable', 'says what it is not');
  check(all('.keys [role=tab]').length === 2 && text('.keys .bad') === 'key "y"', 'a tab a key, the wrong one first');
  check(text('.op.here .text') === 'read "y" -> 1', 'opens at the read');
  check(all('.op.core').length === 3, 'two writes and the read fail by themselves');
  check(all('.op.blocked').some((o) => o.textContent.includes('read "y" -> 1')), 'the read is blocked');
  check(/returned 1, but the value is 2/.test(text('.history .side')), 'and it says by what');
  check(all('.names .name').length === 2 && text('.names .name') === 'process 0', 'processes are named');
  one('.scroll').scrollLeft = 200;
  await wait();
  check(Math.abs(one('.names').getBoundingClientRect().left - one('.scroll').getBoundingClientRect().left) < 3, 'and their names stay');
  const put2 = all('.op').find((o) => o.textContent.startsWith('write "y" 2'));
  put2.dispatchEvent(new MouseEvent('mouseenter'));
  await wait();
  check(/state after it: "y" = 2/.test(text('.card')), 'pointing at an operation tells the state after it');
  put2.click();
  await wait();
  check(text('.op.here .text') === 'write "y" 2', 'a click selects it');
  const width = () => one('.history .canvas').getBoundingClientRect().width;
  const narrow = width();
  await key('+');
  check(width() > narrow, '+ is larger');
  await key('-');
  check(Math.abs(width() - narrow) < 1, '- is smaller');
  await key('e');
  check(text('.op.here .text') === 'read "y" -> 1', 'e goes to the error');
  [...one('.keys').children].find((b) => b.textContent === 'key "x"').click();
  await wait();
  check(all('.op').every((o) => !o.classList.contains('core')), 'the other key has no error');

  // The second file: two transactions that each overwrote what the other had read.
  await key(']');
  check(/write skew/.test(text('.reason')), 'the anomaly of the transactions is named');
  check(all('path.link').length === 4 && all('text.link').length === 2, 'the cycle of two is drawn');
  check(/The cycle/.test(text('.history .side')), 'and listed');

  await key(']');
  check(all('.files tr').length === 3 && /passes|valid/.test(text('.files .passes')), 'all files and their verdicts');
  document.body.append(page.el('pre', {id: 'said'}, said.join('\n') + '\nEND'));
})();
