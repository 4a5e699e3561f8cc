// Driven in a browser over a page of scenarios/tour/lost_update.lua: what is seen is compared with what the trace says.
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

  check(document.title.startsWith('lost update'), 'the title is the scenario');
  check(text('.pill') === 'fails' && text('.reason') === 'expected 2, got 1', 'says that it fails, and why');
  check(all('.contrast li').length === 2, 'two parts decide');
  check(/ets\.lookup_element.*comes before.*ets\.insert/.test(text('.contrast li')), 'a part is an order of two steps');
  check(all('.plot circle').length > 3, 'the curve has points');
  check(label() === 'step 5 of 13', `opens at the first step that decides, not at ${label()}`);

  await key('Home');
  check(label() === 'step 0 of 13', 'Home goes to the start');
  check(!/counter\[/.test(text('.state .list')), 'no row of the table yet');
  await key('ArrowRight');
  check(label() === 'step 1 of 13' && /ets\.new/.test(text('.now')), 'the first step makes the table');
  await key('ArrowRight');
  check(all('.item.changed').some((i) => i.textContent.includes('{"n", 0}')), 'the second writes its row, and the state says so');
  check(/^8/.test(text('.line.here')), 'the source stands at line 8');

  // The lost update: a write of 1 over 1. What is shown goes back with the steps.
  const row = () => all('.item').filter((i) => i.querySelector('.key').textContent === '"n"').map((i) => i.querySelector('.value').textContent).join();
  await key('End');
  check(label() === 'step 13 of 13', 'End goes to the end');
  check(row().includes('{"n", 1}'), 'the row is 1 at the end');
  check(one('.row.failed.here') !== null && text('.end') === 'fails here', 'the end is where it fails');
  check(/^22/.test(text('.line.failed')), 'the failing line is marked');
  for (let i = 0; i < 40; i++) await key('ArrowLeft');
  check(label() === 'step 0 of 13' && row() === '', 'back at the start the row is gone again');

  // The source leads to steps, a written value to who wrote it.
  all('.line')[10].click();
  await wait();
  check(label() === 'step 5 of 13', 'a click on line 11 goes to its first step');
  await key('2');
  check(label() === 'step 6 of 13', 'the second part begins at step 6');
  await key('2');
  check(label() === 'step 9 of 13', 'and ends at step 9');
  all('.item').find((i) => i.querySelector('.key').textContent === '"n"').click();
  await wait();
  check(text('.writers').includes('step 27'), `the row was written by steps 2 and 7, not ${text('.writers')}`);
  all('.writers button')[1].click();
  await wait();
  check(label() === 'step 7 of 13', 'a click goes there');
  await key('n');
  check(label() === 'step 8 of 13' && text('.now').startsWith('P2'), 'n goes to the next step of that process');
  await key('c');
  check(all('.item').length > 0 && all('.item').every((i) => i.classList.contains('changed')), 'c leaves what changed');
  await key('c');

  // The schedule that passes, beside it.
  await key('b');
  check(all('.lanes .name').length === 6 && all('.lanes .run').length === 2, 'b shows the two side by side');
  check(text('.lanes .run.passes') === 'passes', 'the other one passes');
  check(one('.row.moved') !== null, 'what is not the same in both is marked');
  await key('s');
  check(/run=1/.test(location.hash), 's goes over to it');
  await key('End');
  check(row().includes('{"n", 2}'), 'there the row is 2 at the end');
  check(all('.end').length === 1, 'and nothing fails');
  await key('b');
  check(all('.lanes .name').length === 3, 'b hides it again');

  // Dark and light, help.
  const light = getComputedStyle(document.body).backgroundColor;
  await key('d');
  check(getComputedStyle(document.body).backgroundColor !== light, 'd is dark');
  await key('d');
  check(getComputedStyle(document.body).backgroundColor === light, 'and light');
  await key('?');
  check(one('dialog').open && /Nothing is loaded/.test(text('dialog')), '? lists the keys');
  await key('?');
  check(!one('dialog').open, 'and closes them');
  check(performance.getEntriesByType('resource').length === 0, 'nothing was loaded');

  document.body.append(page.el('pre', {id: 'said'}, said.join('\n') + '\nEND'));
})();
