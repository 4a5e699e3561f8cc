---@meta lockstep.timer

---@class lockstep.timer
local timer = {}

---@alias lockstep.tref table

---@param ms integer
---@param dest any a pid or a name; the caller if left out
---@param message? any
---@return lockstep.tref|nil, "badarg"|nil
function timer.send_after(ms, dest, message) end
---@param ms integer
---@param dest any a pid or a name; the caller if left out
---@param message? any
---@return lockstep.tref|nil, "badarg"|nil
function timer.send_interval(ms, dest, message) end
---@param ms integer
---@param m table|function
---@param f? string|any[]
---@param a? any[]
---@return lockstep.tref|nil, "badarg"|nil
function timer.apply_after(ms, m, f, a) end
---@param ms integer
---@param m table|function
---@param f? string|any[]
---@param a? any[]
---@return lockstep.tref|nil, "badarg"|nil
function timer.apply_interval(ms, m, f, a) end
---@param ms integer
---@param pid any the caller if left out
---@param reason? any
---@return lockstep.tref|nil, "badarg"|nil
function timer.exit_after(ms, pid, reason) end
---@param ms integer
---@param pid? lockstep.pid
---@return lockstep.tref|nil, "badarg"|nil
function timer.kill_after(ms, pid) end
---@param tref lockstep.tref
---@return "cancel"|nil, "badarg"|nil
function timer.cancel(tref) end
---@param ms integer|"infinity"
---@return "ok"
function timer.sleep(ms) end
---@param fn function
---@return integer ms, any ...
function timer.tc(fn, ...) end
---@param n integer
---@return integer
function timer.seconds(n) end
---@param n integer
---@return integer
function timer.minutes(n) end
---@param n integer
---@return integer
function timer.hours(n) end
---@param h integer
---@param m integer
---@param s integer
---@return integer
function timer.hms(h, m, s) end

return timer
