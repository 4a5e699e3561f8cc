// Bull before 3.0 builds its scripts in JavaScript. This calls each function of lib/scripts.js with a client that keeps
// what it is sent, and writes the scripts as NAME-N.lua (N keys); keys and arguments go to standard output.
//   node record.js node_modules/bull-1.0.0 FOLDER
'use strict';
const fs = require('fs');
const path = require('path');
const [folder, out] = process.argv.slice(2);
const scripts = require(path.resolve(folder, 'lib/scripts.js'));
fs.mkdirSync(out, { recursive: true });

const texts = {}; // by what stands for the SHA-1
let name = ''; // of the function that is being called

function keep(text, n, rest) {
  const file = path.join(out, name + '-' + n + '.lua');
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') !== text) throw new Error(file + ' is there, and is another');
  fs.writeFileSync(file, text);
  console.log(name, 'KEYS', JSON.stringify(rest.slice(0, n)), 'ARGV', JSON.stringify(rest.slice(n)));
}
function load(_, text) { texts[text] = text; return Promise.resolve(text); }
function evalsha(sha, n, ...rest) { keep(texts[sha], n, rest); return Promise.resolve(1); }
// A call with keys and arguments, or lists of them, and perhaps a callback.
function evaluate(text, n, ...rest) {
  rest = rest.flat();
  const answer = rest.find(value => typeof value === 'function');
  keep(text, n, rest.filter(value => value !== answer));
  if (answer) answer(null, 1);
  return Promise.resolve(1);
}
const client = { script: load, scriptAsync: load, evalsha, evalshaAsync: evalsha, eval: evaluate, evalAsync: evaluate,
  defineCommand(hash, { numberOfKeys, lua }) {
    this[hash] = (...rest) => evaluate(lua, numberOfKeys, ...rest);
  } };

const queue = { client, clients: [client], toKey: key => 'bull:q:' + key, LOCK_RENEW_TIME: 5000, LOCK_DURATION: 5000,
  MAX_STALLED_JOB_COUNT: 1, token: 'TOKEN', redlock: {} };
const job = { queue, jobId: '1', opts: {}, returnvalue: 0, lockKey: () => 'bull:q:1:lock', takeLock: () => Promise.resolve(true),
  releaseLock: () => Promise.resolve() };
const fields = { data: '{}', opts: '{}', progress: 0, delay: 0, timestamp: 1, attempts: 2, attemptsMade: 0,
  stacktrace: '[]', returnvalue: 'null' };

// What a function is called with depends on the version: by the names of its parameters.
function values(f, given) {
  const names = String(f).match(/\(([^)]*)\)/)[1].split(',').map(text => text.trim());
  return names.map(parameter => given[parameter]);
}
async function call(as, f, more) {
  name = as;
  if (!scripts[f]) return console.log(f, 'is not there');
  const given = { client, toKey: queue.toKey, opts: {}, queue, job: f === 'addJob' ? fields : job, lifo: false,
    token: 'TOKEN', jobId: '1', ...more };
  return scripts[f](...values(scripts[f], given));
}
async function main() {
  await call('addJob', 'addJob');
  await call('takeLockOf2', 'takeLock', { job: { ...job, jobId: '2' }, renew: false, ensureActive: true }); // the text may name the job
  const lock = await call('takeLock', 'takeLock', { renew: false, ensureActive: true });
  if (lock && lock.extend) { // Redlock's, since 2.0
    name = 'extendLock';
    await lock.extend(5000);
    name = 'unlock';
    await lock.unlock();
  } else {
    await call('extendLock', 'takeLock', { renew: true, ensureActive: false });
    await call('unlock', 'releaseLock');
  }
  await call('takeAnyLock', 'takeLock', { renew: false, ensureActive: false });
  await call('getStalledJob', 'getStalledJob');
  await call('moveUnlockedJobsToWait', 'moveUnlockedJobsToWait');
  await call('moveToCompleted', 'moveToCompleted', { removeOnComplete: false });
  await call('removeCompleted', 'moveToCompleted', { removeOnComplete: true });
  await call('moveToFailed', 'moveToSet', { set: 'failed' });
  await call('moveToDelayed', 'moveToSet', { set: 'delayed', context: 1000 });
  await call('remove', 'remove');
}
main().catch(problem => { console.error(problem); process.exit(1); });
