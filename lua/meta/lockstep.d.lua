---@meta lockstep

---@class lockstep.pid
---@class lockstep.ref
---@alias lockstep.name string
---@alias lockstep.dest lockstep.pid|lockstep.name|lockstep.ref|{[1]: lockstep.name, [2]: string}
---@alias lockstep.timeout integer|"infinity"
---@alias lockstep.server lockstep.pid|lockstep.name|table pid, name, {name, node}, {"global", T} or {"via", Module, T}
---@alias lockstep.matcher any|fun(message: any): any

---@class lockstep.options
---@field strategy? string how schedules are chosen; see 'lockstep list strategies' (default auto)
---@field iterations? integer executions to make (default 1000; no limit if only --time is given, or for a search that ends by itself)
---@field time? integer|string stop with a scenario after this time, shrinking included: 5, 5s, 500ms, 2m
---@field seed? integer|string a number, 0x and hex digits, or a 40-digit commit id (default 1)
---@field depth? integer pct: ordering constraints a bug may need (default 3)
---@field resample_prob? number pos: redraw all priorities with probability P at each step
---@field cores? integer native, and the line `unsteered` of a failure: processes that go at a time (default 4)
---@field max_steps? integer decisions in one execution, else it fails (default 10000)
---@field max_memory? integer|string memory of one execution, at most 1G, else it fails (default 256M)
---@field max_instructions? integer instructions of Lua that a process may take without an operation, else it is a runaway (default 100000000)
---@field max_compute? number|string CPU time that it may take so: one instruction may call what takes for ever (default 10)
---@field max_temperature? integer steps that something may be owed (lockstep.eventually, lockstep.temporal), else it fails (default half of --max-steps)
---@field delivery? "instant"|"async" when a signal arrives: as it is sent, or at a step of its own
---@field timers? "quiescent"|"simultaneous"|"racy" time passes when nothing else can run, and what is due then fires one by one, or in any order among what it leads to (default simultaneous); or a timer fires at any time
---@field reduce? string dpor: schedules that differ only in the order of equal-writes, unused-increments, unobserved-sends, equal-messages, all or none of these, count as one (default all)
---@field spins? "fair"|"any" dpor, cache, dfs: a wait that goes round, only looking, is not gone round twice while nothing that it looks at changes; or gone round as often as there are steps (default fair)
---@field preemptions? integer|"none" cache, dfs: only schedules with at most N preemptions; the verdict says so
---@field cache_memory? integer|string cache: memory for the table of states visited, 18 to 37 bytes a state, and half of it again while it doubles; INCOMPLETE when it is full (default 1G)
---@field drain? boolean run on after the root has ended
---@field crashes? "fail"|"allow"|"abort" whether a process that ends by an error fails the scenario
---@field cover? string|string[] goals of lockstep.cover that some execution should reach
---@field expect? string the failure that must come: its kind or signature

---@class lockstep.exception what pcall catches of lockstep.error, throw, exit and OTP's errors
---@field class "error"|"throw"|"exit"
---@field reason any
---@field where string

---@class lockstep
---@field any any fits every value in a pattern
---@field ets table
---@field atomics table
---@field counters table
---@field persistent_term table
local lockstep = {}

--- Declares a scenario; at file level only.
---@param name string
---@param options lockstep.options
---@param body fun()
---@overload fun(name: string, body: fun())
function lockstep.scenario(name, options, body) end

--- The text of a file that is data, looked for beside the scenario and along --path; at file level only. Kept in traces.
---@param name string without .. in it
---@return string
function lockstep.source(name) end
--- The text of a module, found as require finds it, and the name of its file; nil and why if there is none. At file
--- level only.
---@param name string
---@return string?, string
function lockstep.module_source(name) end

---@param fn function copied, with what it has captured
---@param ... any
---@return lockstep.pid
function lockstep.spawn(fn, ...) end
---@param fn function
---@param ... any
---@return lockstep.pid
function lockstep.spawn_link(fn, ...) end
---@param fn function
---@param ... any
---@return lockstep.pid
---@return lockstep.ref
function lockstep.spawn_monitor(fn, ...) end
---@return lockstep.pid
function lockstep.self() end
---@param fn function
---@param options any[] "link", "monitor", {"monitor", {tag, alias}}, {"priority", P} ...
---@return lockstep.pid, lockstep.ref?
function lockstep.spawn_opt(fn, options, ...) end
--- The keys of the dictionary, or those with this value.
---@return any[]
function lockstep.get_keys(value) end

--- Returns the message. Raises badarg if a name is not registered.
---@generic T
---@param dest lockstep.dest
---@param message T
---@return T
function lockstep.send(dest, message) end
---@param timeout? lockstep.timeout
---@return any message nil if the time is up
---@return "timeout"? why
function lockstep.recv(timeout) end
---@param matcher lockstep.matcher
---@param timeout? lockstep.timeout
---@return any message nil if the time is up
---@return "timeout"? why
function lockstep.recv_first(matcher, timeout) end

---@class lockstep.clause
---@field [1] lockstep.matcher
---@field [2] fun(message: any): ...
---@field when? fun(message: any): any guard

---@class lockstep.clauses
---@field [integer] lockstep.clause
---@field after? lockstep.timeout
---@field otherwise? fun(): ... when the time is up

--- The first message that any clause accepts, tried in their order: what its body returns.
---@param clauses lockstep.clauses
---@return any ... of the body or of otherwise; nil, "timeout" if the time is up and there is none
function lockstep.receive(clauses) end

---@param ms lockstep.timeout
function lockstep.sleep(ms) end
--- Milliseconds of the virtual clock.
---@return integer
function lockstep.now() end
---@param dest lockstep.pid|lockstep.name
---@param message any
---@param ms integer
---@param options? {abs: boolean}
---@return lockstep.ref
function lockstep.send_after(dest, message, ms, options) end
--- Sends {"timeout", ref, message}.
---@param dest lockstep.pid|lockstep.name
---@param message any
---@param ms integer
---@param options? {abs: boolean}
---@return lockstep.ref
function lockstep.start_timer(dest, message, ms, options) end
---@param ref lockstep.ref
---@param options? {async: boolean?, info: boolean?}
---@return integer|false|"ok" left
function lockstep.cancel_timer(ref, options) end
---@param ref lockstep.ref
---@param options? {async: boolean}
---@return integer|false|"ok" left
function lockstep.read_timer(ref, options) end

---@param pid lockstep.pid
---@return true
function lockstep.link(pid) end
---@param pid lockstep.pid
---@return true
function lockstep.unlink(pid) end
---@param object lockstep.pid|lockstep.name
---@param options? {tag: any, alias: "explicit_unalias"|"demonitor"|"reply_demonitor"}
---@return lockstep.ref
function lockstep.monitor(object, options) end
---@param ref lockstep.ref
---@param options? {flush: boolean?, info: boolean?}
---@return boolean
function lockstep.demonitor(ref, options) end
---@param options? ("explicit_unalias"|"reply")[]
---@return lockstep.ref
function lockstep.alias(options) end
---@param ref lockstep.ref
---@return boolean active
function lockstep.unalias(ref) end
---@param name "trap_exit"|"priority"|"message_queue_data"|"min_heap_size"|"max_heap_size"|"fullsweep_after"|"sensitive"
---@param value any
---@return any before
function lockstep.flag(name, value) end
--- exit(reason) ends the caller; exit(pid, reason) sends a signal.
---@param pid lockstep.pid
---@param reason any
---@return true
---@overload fun(reason: any)
function lockstep.exit(pid, reason) end
---@param reason any
function lockstep.error(reason) end
---@param reason any
function lockstep.throw(reason) end
--- A handler for xpcall: makes a lockstep.exception of whatever was raised.
---@param raised any
---@return lockstep.exception
function lockstep.exception(raised) end
---@param pid lockstep.pid
---@return boolean
function lockstep.alive(pid) end
---@param pid lockstep.pid
---@param item? string|string[] one item, or several: then {{item, value} ...}
---@return any info nil for a dead process
function lockstep.process_info(pid, item) end

---@param name lockstep.name
---@param pid lockstep.pid
---@return true
function lockstep.register(name, pid) end
---@param name lockstep.name
---@return true
function lockstep.unregister(name) end
---@param name lockstep.name
---@return lockstep.pid?
function lockstep.whereis(name) end
---@return lockstep.name[]
function lockstep.registered() end

---@return lockstep.ref
function lockstep.make_ref() end
---@param value any
---@return boolean
function lockstep.is_pid(value) end
---@param value any
---@return boolean
function lockstep.is_ref(value) end
---Whether two terms have the same contents.
---@param a any
---@param b any
---@return boolean
function lockstep.equal(a, b) end

---@param key any
---@param value any
---@return any before
function lockstep.put(key, value) end
---@param key? any
---@return any
function lockstep.get(key) end
---@param key? any
---@return any before
function lockstep.erase(key) end
---@param text string
function lockstep.set_label(text) end

--- Explored: choose(n) is 1 to n, choose(list) one of its elements; 65,535 values at most.
---@generic T
---@param list T[]
---@return T
---@overload fun(n: integer): integer
function lockstep.choose(list) end
--- math.random, from the process's own stream; not explored.
---@param m? integer
---@param n? integer
---@return number
function lockstep.random(m, n) end
function lockstep.yield() end

--- What must be true after every step from now on. The predicate only reads shared state.
---@param name string at most 200 bytes, in one line
---@param predicate fun(): boolean
function lockstep.invariant(name, predicate) end

--- What must be true after some step, now or later. The predicate only reads shared state.
---@param name string at most 200 bytes, in one line
---@param predicate fun(): boolean
function lockstep.eventually(name, predicate) end

--- Something is owed (hot), nothing is (cold), or as before without counting time (warm).
---@param name string at most 200 bytes, in one line
---@param state "hot"|"warm"|"cold"
function lockstep.temporal(name, state) end

--- A goal that some execution should reach: reports count those that do. No operation.
---@param name string at most 200 bytes, in one line
function lockstep.cover(name) end

---@param pid? lockstep.pid|lockstep.ref
---@return string
function lockstep.node(pid) end
---@return string[]
function lockstep.nodes() end
---@param node string
---@param on boolean
---@return true
function lockstep.monitor_node(node, on) end

return lockstep
