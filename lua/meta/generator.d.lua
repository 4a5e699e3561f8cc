---@meta lockstep.generator

---@class lockstep.generator.handle

---@alias lockstep.generator.source lockstep.generator.handle|any[]|any

---@class lockstep.generator
local generator = {}

---@param op any
---@return lockstep.generator.handle
function generator.once(op) end
---@param ops any[]
---@return lockstep.generator.handle
function generator.list(ops) end
---@param ops any[]
---@return lockstep.generator.handle
function generator.cycle(ops) end
---@param ops any[]
---@param seed? integer
---@return lockstep.generator.handle
function generator.random(ops, seed) end
---@param pairs_of {[1]: any, [2]: integer}[]
---@param seed? integer
---@return lockstep.generator.handle
function generator.weighted(pairs_of, seed) end
---@param gens lockstep.generator.source[]
---@return lockstep.generator.handle
function generator.mix(gens) end
---@param g lockstep.generator.source
---@param n integer
---@return lockstep.generator.handle
function generator.take(g, n) end
---@param g lockstep.generator.source
---@param n integer
---@return lockstep.generator.handle
function generator.limit(g, n) end
---@param g lockstep.generator.source
---@param i integer
---@param n integer
---@return lockstep.generator.handle
function generator.share(g, i, n) end
---@param g lockstep.generator.source
---@param fn fun(op: any): any
---@return lockstep.generator.handle
function generator.map(g, fn) end
---@param g lockstep.generator.source
---@param fn fun(op: any): boolean
---@return lockstep.generator.handle
function generator.filter(g, fn) end
---@param ... lockstep.generator.source
---@return lockstep.generator.handle
function generator.concat(...) end
---@param ... lockstep.generator.source
---@return lockstep.generator.handle
function generator.phases(...) end
---@param g lockstep.generator.source
---@param ms integer
---@param seed? integer
---@return lockstep.generator.handle
function generator.stagger(g, ms, seed) end
---@param g lockstep.generator.source
---@param ms integer
---@return lockstep.generator.handle
function generator.delay(g, ms) end
---@param g lockstep.generator.source
---@param ms integer
---@return lockstep.generator.handle
function generator.time_limit(g, ms) end
---@param g lockstep.generator.source
---@return any operation
---@return lockstep.generator.handle|"done" rest
---@return integer? wait
function generator.next(g) end
---@generic T
---@param g lockstep.generator.source
---@param acc T
---@param fn fun(acc: T, op: any, n: integer): T
---@return T
function generator.reduce(g, acc, fn) end
---@param g lockstep.generator.source
---@param fn fun(op: any, n: integer)
---@return integer
function generator.each(g, fn) end
---@param g lockstep.generator.source
---@return any[]
function generator.to_list(g) end
---@param n integer
---@param g lockstep.generator.source
---@param fn fun(op: any, worker: integer, ...: any)
---@param ... any
---@return integer
function generator.run(n, g, fn, ...) end
