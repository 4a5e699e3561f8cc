"""Random commands for Redis: every kind of key under few names, so that types clash; now and then one argument too few,
too many or wrong."""

KEYS = ["k1", "k2", "k3", "k4", "k5"]
FIELDS = ["f1", "f2", "f3"]
MEMBERS = ["a", "b", "c", "d", "1", "22"]
VALUES = ["", "x", "hello", "10", "-3", "3.5", "007", "9223372036854775807", "two words", "\\x00\\xff"]
PLAIN = VALUES[:-1] + ["x"]  # bytes of zero end a word where the server parses it in C
INTEGERS = ["0", "1", "2", "-1", "-2", "5", "100"]
FLOATS = ["0", "1", "2.5", "-1.25", "1e3", "0.5"]
BOUNDS = ["-inf", "+inf", "(1", "2", "0", "(2.5", "x"]
LEX = ["-", "+", "[a", "(b", "[c", "b"]
SECONDS = ["100", "1000", "5000"]

# One command a line. K key, F field, M member, V value, I integer, D float, S score's limit, L limit of members,
# T seconds; [..] perhaps, (..|..) one of them, {..} once to three times.
GRAMMAR = """
get K
set K V
set K V [(nx|xx)] [get] [(ex T|px 100000|keepttl)]
setnx K V
setex K (T|0|-1|x) V
psetex K (100000|0) V
getset K V
getdel K
getex K [(persist|ex T)]
append K V
strlen K
getrange K I I
setrange K (0|1|5|-1) V
incr K
decr K
incrby K (I|x|9223372036854775807)
decrby K (I|-9223372036854775808)
incrbyfloat (d1|d2) (D|x)
set d1 (D|x)
rpush d2 V
del {(d1|d2)}
mget {K}
mset {K V}
msetnx {K V}
setbit K (0|1|7|9|20|-1|x) (0|1|2)
getbit K (0|1|7|9|20|-1)
bitcount K [I I [(byte|bit)]]
bitpos K (0|1|2) [I [I]]
bitop (and|or|xor) K {K}
bitop not K K
del {K}
unlink {K}
exists {K}
type K
touch {K}
expire K (T|-1|x) [(nx|xx|gt|lt)]
pexpire K 100000
ttl K
persist K
rename K K
renamenx K K
copy K K [replace]
keys (*|k[1-3]|k?)
dbsize
hset K {F V}
hmset K {F V}
hsetnx K F V
hget K F
hmget K {F}
hdel K {F}
hexists K F
hlen K
hstrlen K F
hgetall K
hkeys K
hvals K
hincrby K F (I|x)
hincrbyfloat K (d1|d2) D
hset K d1 (D|x)
lpush K {V}
rpush K {V}
lpushx K V
rpushx K V
lpop K [(1|2|0|-1)]
rpop K [2]
llen K
lindex K I
lrange K I I
ltrim K I I
lset K I V
linsert K (before|after|x) V V
lrem K I V
lpos K V [rank (I|x)] [count I] [maxlen I]
rpoplpush K K
lmove K K (left|right|x) (left|right)
sadd K {M}
srem K {M}
scard K
sismember K M
smismember K {M}
smembers K
smove K K M
sinter {K}
sdiff {K}
sunion {K}
sinterstore K {K}
sdiffstore K {K}
sunionstore K {K}
sintercard (1|2|0) {K} [limit (1|0|-1)]
zadd K [(nx|xx)] [(gt|lt)] [ch] [incr] {D M}
zincrby K D M
zrem K {M}
zcard K
zscore K M
zmscore K {M}
zrank K M
zrevrank K M
zpopmin K [2]
zpopmax K [2]
zrange K I I [withscores]
zrange K S S byscore [rev] [limit I I] [withscores]
zrange K L L bylex [limit I I]
zrange K I I (rev|limit 0 1)
zrevrange K I I [withscores]
zrangebyscore K S S [withscores] [limit I I]
zrevrangebyscore K S S [withscores]
zrangebylex K L L
zrevrangebylex K L L [limit I I]
zrangestore K K I I
zcount K S S
zlexcount K L L
zremrangebyscore K S S
zremrangebyrank K I I
zremrangebylex K L L
xadd K X {F V}
xadd K [nomkstream] (1-*|5-*|7|9-1|10-5|20) {F V}
xadd K maxlen [=] (0|2|x|-1) X {F V}
xadd K minid (5|7-1) X {F V}
xlen K
xtrim K (maxlen|minid) [=] (0|1|5|x)
xdel K {X}
xrange K (-|X|5|x) (+|X|7|9) [count I]
xrevrange K (+|X|7|9) (-|X|5) [count I]
xread [count I] streams {K} X
xread [count 2] streams K K X (0|$)
nosuch K V
"""

WORDS = {"K": KEYS, "F": FIELDS, "M": MEMBERS, "V": VALUES, "I": INTEGERS, "D": FLOATS, "S": BOUNDS, "L": LEX,
         "T": SECONDS, "X": ["1-1", "3-0", "5-1", "7-2", "30", "40-1", "0-0", "x", "55-5"]}
CLOSE = {"[": "]", "(": ")", "{": "}"}


def split(text, at):
    """The part between brackets that opens at `at`, and where it ends."""
    depth = 0
    for i in range(at, len(text)):
        depth += text[i] == text[at]
        depth -= text[i] == CLOSE[text[at]]
        if depth == 0:
            return text[at + 1:i], i + 1
    raise ValueError(text)


def decoded(word):
    return word.encode("latin-1").decode("unicode_escape").encode("latin-1")


def expand(text, rng):
    """A command of that form."""
    out, i = [], 0
    while i < len(text):
        c = text[i]
        if c == " ":
            i += 1
        elif c in CLOSE and (c != "[" or i == 0 or text[i - 1] in " ["):
            inner, i = split(text, i)
            if c == "[" and rng.random() < 0.5:
                continue
            if c == "(":
                inner = rng.choice(inner.split("|"))
            for _ in range(rng.choice([1, 1, 2, 3]) if c == "{" else 1):
                out += expand(inner, rng)
        else:
            end = i
            while end < len(text) and text[end] != " ":
                end += 1
            word = text[i:end]
            out.append(rng.choice(WORDS[word]) if word in WORDS else word)
            i = end
    return out


# Scripts; COMMAND is a command of one key whose words are ARGV.
SCRIPTS = r"""
return redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))
return redis.pcall(ARGV[1], KEYS[1], unpack(ARGV, 2))
local r = redis.pcall(ARGV[1], KEYS[1], unpack(ARGV, 2)) if type(r) == 'table' and r.err then return {'failed', r.err} end return {type(r), r}
redis.call('set', KEYS[1], 1) return redis.call('incrby', KEYS[1], ARGV[1])
local v = redis.call('type', KEYS[1]) return v.ok .. table.getn(ARGV)
local v = redis.call('get', KEYS[1]) if v == false then return redis.error_reply('MISSING it') end return v
return redis.call('get', KEYS[1]) or redis.status_reply('none')
redis.call('hset', KEYS[1], 'a', 1, 'b', 2) redis.call('nosuch') return 1
return {redis.call('exists', KEYS[1]), 2.7, -2.7, 'a', true, {1, {2}}, #ARGV, math.pow(2, 3), 7 % 4, nil, 3}
return redis.call('set', KEYS[1], 3.5) and redis.call('get', KEYS[1])
return redis.call('set', KEYS[1], 10 / 4) and redis.call('incrbyfloat', KEYS[1], 6 / 3)
return redis.sha1hex(ARGV[1])
return cjson.encode(ARGV)
return cjson.encode({1, 2.5, 'a/b', true, cjson.null, {}, {x = 1}, -0.25, 1e20, 123456789012})
local t = cjson.decode('{"a":[1,2.0,null,"\\u00e9\\n"],"b":{"c":false}}') return {t.a[1], t.a[2], tostring(t.a[2]), t.a[4], tostring(t.b.c), #t.a}
return cjson.decode(ARGV[1])
local s = cmsgpack.pack({1, 200, 70000, -1, -200, -70000, 2^40, 1.5, 'x', true, {y = 1}, {}}) return s
return {cmsgpack.unpack(cmsgpack.pack(ARGV, 5, 'z'))}
return struct.pack('>I2hIlBs', 1, -2, 3, 4, 5, 'abc')
return {struct.unpack('<hI', struct.pack('<hI', -7, 70000))}
return {bit.band(255, 15), bit.bor(1, 2), bit.bxor(5, 1), bit.lshift(1, 31), bit.rshift(-1, 28), bit.arshift(-8, 1), bit.bnot(0), bit.tohex(255, 4), bit.rol(1, 33), bit.bswap(1)}
return string.format('%d|%5.2f|%s|%x', 3.9, 2.345, 'x', 255)
return tostring(10 / 2) .. tostring(1.5) .. tostring(tonumber('12'))
error('stop')
error({err = 'MINE stop'})
return {err = 'MINE stop'}
return {ok = 'fine'}
return redis.error_reply('single')
return undefined_name
undefined_name = 1
return nosyntax here
local t = {} for w in string.gmatch('a b c', '%a') do table.insert(t, w) end table.sort(t, function(x, y) return x > y end) return t
local n = 0 for i = 1, 10 do n = n + i end return n
return loadstring('return 1 + 1')()
return {select('#', 1, 2, 3), select(2, 'a', 'b')}
return redis.call('get')
return redis.call({})
local ok, e = pcall(redis.call, 'get') return {tostring(ok), type(e)}
"""


def script(rng, lines, forms):
    """EVAL of one of them on a command of one key; some commands of several keys have them all as KEYS."""
    text = rng.choice(lines)
    if rng.random() < 0.5:
        text = lines[rng.randrange(3)]
    command = expand(rng.choice(forms), rng)
    if len(command) < 2:
        command.append("k1")
    arguments = [command[0]] + command[2:] if "unpack" in text else [rng.choice(VALUES)]
    return ["eval", text, "1", command[1]] + arguments


def commands(rng, count):
    forms = [line for line in GRAMMAR.splitlines() if line]
    scripts = [line for line in SCRIPTS.splitlines() if line]
    for _ in range(count):
        if rng.random() < 0.15:
            words = script(rng, scripts, forms)
            plain = [words[1].encode()]
            yield [b"eval"] + plain + [decoded(word) for word in words[2:]]
            continue
        command = expand(rng.choice(forms), rng)
        luck = rng.random()
        if luck < 0.03 and len(command) > 1:
            del command[rng.randrange(1, len(command))]
        elif luck < 0.06:
            command.append(rng.choice(PLAIN))
        elif luck < 0.08 and len(command) > 2:
            command[rng.randrange(2, len(command))] = rng.choice(PLAIN)
        yield [decoded(word) for word in command]
