---@meta lockstep.threads

--- Threads, shared variables and locks, for scenarios that port a program of threads. See lua/docs/threads.md.
---@class lockstep.threads
local threads = {}

--- Where variables live from here on. At file level only.
---@param kind "atomics"|"ets"
function threads.use(kind) end

--- A scenario whose body is `main`; an error in any thread fails it.
---@param name string
---@param options table
---@param body fun()
---@overload fun(name: string, body: fun())
function threads.program(name, options, body) end

---@class lockstep.thread
---@field pid lockstep.pid

---@param fn fun(...)
---@param ... any
---@return lockstep.thread
function threads.create(fn, ...) end

---@param thread lockstep.thread
function threads.join(thread) end

---@class lockstep.cell
---@field get fun(self): integer
---@field set fun(self, value: integer)
---@field add fun(self, n: integer): integer the new value
---@field exchange fun(self, value: integer): integer the old value
---@field cas fun(self, old: integer, new: integer): boolean

---@param name string
---@param value? integer # 0
---@return lockstep.cell
function threads.cell(name, value) end

---@class lockstep.cells
---@field size integer
---@field get fun(self, i: integer): integer
---@field set fun(self, i: integer, value: integer)
---@field add fun(self, i: integer, n: integer): integer the new value
---@field exchange fun(self, i: integer, value: integer): integer the old value
---@field cas fun(self, i: integer, old: integer, new: integer): boolean

---@param name string
---@param size integer
---@param value? integer|fun(i: integer): integer # 0
---@return lockstep.cells
function threads.array(name, size, value) end

---@class lockstep.heap
---@field use fun(self, block: integer) fails if the block is freed or 0
---@field free fun(self, block: integer) fails if the block is freed

---@param name string
---@param blocks integer
---@return lockstep.heap
function threads.heap(name, blocks) end

---@class lockstep.mutex
---@field lock fun(self)
---@field unlock fun(self)

---@param name string
---@return lockstep.mutex
function threads.mutex(name) end

---@class lockstep.try_mutex: lockstep.mutex
---@field try_lock fun(self): boolean

---@param name string
---@return lockstep.try_mutex
function threads.try_mutex(name) end

---@class lockstep.semaphore
---@field wait fun(self)
---@field post fun(self)

---@param name string
---@param n? integer # 0
---@return lockstep.semaphore
function threads.semaphore(name, n) end

---@class lockstep.condition
---@field wait fun(self, mutex: lockstep.mutex)
---@field signal fun(self)
---@field broadcast fun(self)

---@param name string
---@return lockstep.condition
function threads.condition(name) end

---@class lockstep.barrier
---@field wait fun(self)

---@param name string
---@param n integer
---@return lockstep.barrier
function threads.barrier(name, n) end

return threads
