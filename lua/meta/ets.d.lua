---@meta lockstep.ets

--- Tables of objects, shared by the processes of a node. Objects are arrays; what goes in and comes out is a copy. Each
--- call is one operation. See lua/docs/ets.md.
---@class lockstep.ets
local ets = {}

---@alias lockstep.ets.table lightuserdata|string A table's identifier, or the name of a named one.
---@alias lockstep.ets.object any[] A tuple; its key is element 1 unless {"keypos", n} says otherwise.
---@alias lockstep.ets.pattern any "_" matches anything, "$1", "$2" … bind.
---@alias lockstep.ets.spec { [1]: lockstep.ets.pattern, [2]: any[], [3]: any[] }[] Clauses {pattern, guards, body}.
---@alias lockstep.ets.end "$end_of_table"
---@alias lockstep.ets.counter integer|integer[]|integer[][]
---@alias lockstep.ets.item "id"|"name"|"size"|"type"|"keypos"|"protection"|"owner"|"heir"|"named_table"|"node"|"memory"|"fixed"|"compressed"|"read_concurrency"|"write_concurrency"|"decentralized_counters"

--- Options, in a list: "set" (default), "ordered_set", "bag", "duplicate_bag"; "public", "protected" (default), "private";
--- "named_table"; {"keypos", n}; {"heir", pid, data} or {"heir", "none"}; {"read_concurrency", bool} and the like.
---@param name string
---@param options? any[]
---@return lockstep.ets.table
function ets.new(name, options) end

--- One object or a list of objects. An array that holds nothing but arrays is a list.
---@param table lockstep.ets.table
---@param objects lockstep.ets.object|lockstep.ets.object[]
---@return true
function ets.insert(table, objects) end

---@param table lockstep.ets.table
---@param objects lockstep.ets.object|lockstep.ets.object[]
---@return boolean # false, and nothing inserted, if any of the keys is there
function ets.insert_new(table, objects) end

---@param table lockstep.ets.table
---@param key any
---@return lockstep.ets.object[]
function ets.lookup(table, key) end

---@param table lockstep.ets.table
---@param key any
---@param position integer
---@param default? any # instead of badarg if the key is missing
---@return any # a list of elements for bags
function ets.lookup_element(table, key, position, default) end

---@param table lockstep.ets.table
---@param key any
---@return boolean
function ets.member(table, key) end

--- The table, or the objects of one key.
---@param table lockstep.ets.table
---@param key? any
---@return true
function ets.delete(table, key) end

---@param table lockstep.ets.table
---@param object lockstep.ets.object
---@return true
function ets.delete_object(table, object) end

---@param table lockstep.ets.table
---@return true
function ets.delete_all_objects(table) end

---@param table lockstep.ets.table
---@param key any
---@return lockstep.ets.object[] # which are gone from the table
function ets.take(table, key) end

--- n, {position, n}, {position, n, threshold, value}, or a list of the arrays: all or nothing.
---@param table lockstep.ets.table
---@param key any
---@param operation lockstep.ets.counter
---@param default? lockstep.ets.object
---@return integer|integer[]
function ets.update_counter(table, key, operation, default) end

---@param table lockstep.ets.table
---@param key any
---@param operation any[] # {position, value} or a list of those
---@param default? lockstep.ets.object
---@return boolean # false if the key is missing
function ets.update_element(table, key, operation, default) end

---@class lockstep.ets.touched
---@field write? any[]|"all" keys that are read and written, beside those in the array itself
---@field read? any[]|"all" keys that are only read
---@field clock? boolean `lockstep.now()` is called

--- Runs the function as one operation on the table. It may call what `ets` has, on what `touched` says, and nothing
--- that waits or reaches other processes. What it changed before an error stays.
---@param table lockstep.ets.table
---@param touched any[]|lockstep.ets.touched keys
---@param fn fun(...): ...
---@param ... any its arguments
---@return ... # its results
function ets.transaction(table, touched, fn, ...) end

--- `transaction` under a name of its own in reports. At file level only.
---@param name string
---@return fun(table: lockstep.ets.table, touched: any[]|lockstep.ets.touched, fn: function, ...): ...
function ets.operation(name) end

---@param table lockstep.ets.table
---@return any key # or "$end_of_table"
function ets.first(table) end

---@param table lockstep.ets.table
---@return any key # or "$end_of_table"
function ets.last(table) end

---@param table lockstep.ets.table
---@param key any
---@return any key # or "$end_of_table"
function ets.next(table, key) end

---@param table lockstep.ets.table
---@param key any
---@return any key # or "$end_of_table"
function ets.prev(table, key) end

---@param table lockstep.ets.table
---@return lockstep.ets.object[]
function ets.tab2list(table) end

--- Not one operation: one for each key, with the function's own operations between them.
---@generic A
---@param fn fun(object: lockstep.ets.object, accumulator: A): A
---@param accumulator A
---@param table lockstep.ets.table
---@return A
function ets.foldl(fn, accumulator, table) end

---@generic A
---@param fn fun(object: lockstep.ets.object, accumulator: A): A
---@param accumulator A
---@param table lockstep.ets.table
---@return A
function ets.foldr(fn, accumulator, table) end

--- Values of the variables, by number. With a limit: {results, continuation} or "$end_of_table".
---@param table lockstep.ets.table|any[] # or a continuation, alone
---@param pattern? lockstep.ets.pattern
---@param limit? integer
---@return any[]|lockstep.ets.end
function ets.match(table, pattern, limit) end

---@param table lockstep.ets.table|any[]
---@param pattern? lockstep.ets.pattern
---@param limit? integer
---@return lockstep.ets.object[]|any[]|lockstep.ets.end
function ets.match_object(table, pattern, limit) end

---@param table lockstep.ets.table
---@param pattern lockstep.ets.pattern
---@return true
function ets.match_delete(table, pattern) end

---@param table lockstep.ets.table|any[]
---@param spec? lockstep.ets.spec
---@param limit? integer
---@return any[]|lockstep.ets.end
function ets.select(table, spec, limit) end

---@param table lockstep.ets.table|any[]
---@param spec? lockstep.ets.spec
---@param limit? integer
---@return any[]|lockstep.ets.end
function ets.select_reverse(table, spec, limit) end

---@param table lockstep.ets.table
---@param spec lockstep.ets.spec
---@return integer # how many objects gave exactly true
function ets.select_count(table, spec) end

---@param table lockstep.ets.table
---@param spec lockstep.ets.spec
---@return integer
function ets.select_delete(table, spec) end

---@param table lockstep.ets.table
---@param spec lockstep.ets.spec
---@return integer
function ets.select_replace(table, spec) end

---@param object lockstep.ets.object
---@param spec lockstep.ets.spec
---@return any # false if no clause matches
function ets.test_ms(object, spec) end

---@param table lockstep.ets.table
---@param item? lockstep.ets.item
---@return any # all items as a table; nil if there is no such table
function ets.info(table, item) end

---@param name string
---@return lightuserdata?
function ets.whereis(name) end

---@return lockstep.ets.table[]
function ets.all() end

---@param table lockstep.ets.table
---@param name string
---@return string
function ets.rename(table, name) end

---@param table lockstep.ets.table
---@param pid lightuserdata
---@param gift any # arrives as {"ETS-TRANSFER", table, giver, gift}
---@return true
function ets.give_away(table, pid, gift) end

---@param table lockstep.ets.table
---@param option any[] # {"heir", pid, data} or {"heir", "none"}
---@return true
function ets.setopts(table, option) end

---@param table lockstep.ets.table
---@param fixed boolean
---@return true
function ets.safe_fixtable(table, fixed) end

return ets
