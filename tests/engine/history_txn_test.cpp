// Transactional levels and causal properties against their definitions, by trying every order.
// Fixed seeds; what escapes 3,000 histories of a shape with a chance above 0.05 shows in fewer than
// one in 1,000 of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>

#include "engine/history/check/check.h"
#include "engine/history/search/causal.h"
#include "engine/history/txn/txn.h"
#include "tests/engine/history_generate.h"

namespace lockstep::history {
namespace {

struct Txn {
  int process, call, ret;
  std::vector<std::array<int, 3>> micros;  // 0 read / 1 write, key, value (0: null)
};

// README of the histories, word for word: one order c, an axiom for each read.
class Definition {
 public:
  explicit Definition(std::vector<Txn> txns) : t_(std::move(txns)) {
    n_ = static_cast<int>(t_.size());
    for (int i = 0; i < n_; ++i) {
      for (auto [kind, key, value] : t_[i].micros) {
        if (kind == 1) last_write_[{i, key}] = value;
      }
    }
  }

  bool holds(Level level) {
    if (!find_reads()) return false;
    std::vector<int> c(n_);
    std::iota(c.begin(), c.end(), 0);
    do {
      if (fits(c, level)) return true;
    } while (std::next_permutation(c.begin(), c.end()));
    return false;
  }

 private:
  struct Read {
    int reader, source, key, rank;  // source -1: initial
  };

  bool find_reads() {
    for (int i = 0; i < n_; ++i) {
      std::map<int, int> own;
      int rank = 0;
      for (auto [kind, key, value] : t_[i].micros) {
        if (kind == 1) {
          own[key] = value;
          continue;
        }
        if (own.count(key)) {
          if (own[key] != value) return false;
          continue;
        }
        int source = -2;
        if (value == 0) source = -1;
        for (auto [where, last] : last_write_) {
          if (where.second == key && last == value && where.first != i) source = where.first;
        }
        if (source == -2) return false;
        reads_.push_back({i, source, key, rank++});
      }
    }
    return true;
  }

  bool so(int a, int b) const { return t_[a].process == t_[b].process && t_[a].call < t_[b].call; }
  bool wr(int a, int b) const {
    return std::any_of(reads_.begin(), reads_.end(),
                       [&](const Read& r) { return r.source == a && r.reader == b; });
  }
  bool base(int a, int b) const { return so(a, b) || wr(a, b); }
  bool reaches(int a, int b, int depth) const {
    if (base(a, b)) return true;
    for (int m = 0; depth > 0 && m < n_; ++m) {
      if (base(a, m) && reaches(m, b, depth - 1)) return true;
    }
    return false;
  }
  bool writes(int t, int key) const { return last_write_.count({t, key}) > 0; }

  bool fits(const std::vector<int>& c, Level level) const {
    std::vector<int> at(n_);
    for (int i = 0; i < n_; ++i) at[c[i]] = i;
    auto before = [&](int a, int b) { return a == -1 ? b != -1 : b != -1 && at[a] < at[b]; };
    for (int a = 0; a < n_; ++a) {
      for (int b = 0; b < n_; ++b) {
        if (a == b) continue;
        if (base(a, b) && !before(a, b)) return false;
        if (level == Level::strict_serializable && t_[a].ret < t_[b].call && !before(a, b))
          return false;
      }
    }
    for (const Read& r : reads_) {
      for (int t2 = 0; t2 < n_; ++t2) {
        if (t2 == r.source || t2 == r.reader || !writes(t2, r.key)) continue;
        if (phi(t2, r, level, before) && !before(t2, r.source)) return false;
      }
    }
    return true;
  }

  bool phi(int t2, const Read& r, Level level, const auto& before) const {
    int t3 = r.reader;
    auto before_or_equal = [&](int a, int b) { return a == b || before(a, b); };
    switch (level) {
      case Level::read_committed:
        return std::any_of(reads_.begin(), reads_.end(), [&](const Read& other) {
          return other.reader == t3 && other.source == t2 && other.rank < r.rank;
        });
      case Level::read_atomic:
        return base(t2, t3);
      case Level::causal:
        return reaches(t2, t3, n_);
      case Level::prefix:
      case Level::snapshot_isolation:
        for (int t4 = 0; t4 < n_; ++t4) {
          if (!before_or_equal(t2, t4)) continue;
          if (base(t4, t3)) return true;
          if (level == Level::prefix || !before(t4, t3)) continue;
          for (auto [where, value] : last_write_) {
            if (where.first == t4 && writes(t3, where.second)) return true;
          }
        }
        return false;
      default:
        return before(t2, t3);
    }
  }

  std::vector<Txn> t_;
  int n_;
  std::map<std::pair<int, int>, int> last_write_;
  std::vector<Read> reads_;
};

std::string text_of(const std::vector<Txn>& txns) {
  struct Row {
    int at;
    std::string text;
  };
  std::vector<Row> rows;
  for (const Txn& t : txns) {
    for (bool result : {false, true}) {
      std::string list;
      for (auto [kind, key, value] : t.micros) {
        std::string v = value == 0 || (kind == 0 && !result) ? "null" : std::to_string(value);
        list += (list.empty() ? "" : ",") + std::string(kind == 0 ? "[\"r\"," : "[\"w\",") +
                std::to_string(key) + "," + v + "]";
      }
      rows.push_back({result ? t.ret : t.call, "{\"process\":" + std::to_string(t.process) +
                                                   ",\"type\":\"" + (result ? "ok" : "invoke") +
                                                   "\",\"f\":\"txn\",\"value\":[" + list + "]}\n"});
    }
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.at < b.at; });
  std::string text;
  for (const Row& row : rows) text += row.text;
  return text;
}

// Transactions that read what some transaction of the same or an earlier moment wrote.
std::vector<Txn> random_txns(Generator& g, int n, int processes, int keys) {
  std::vector<Txn> txns;
  std::vector<int> clock(processes, 0);
  std::vector<std::vector<int>> written(keys, {0});
  std::vector<int> fresh(keys, 0);
  for (int i = 0; i < n; ++i) {
    int p = g.below(processes);
    int call = 100 * clock[p] + 10 * g.below(4) + p;
    Txn t{p, call, call + 100 + 10 * g.below(5), {}};
    clock[p] = t.ret / 100 + 1;
    for (int m = 1 + g.below(3); m > 0; --m) {
      int key = g.below(keys);
      if (g.percent(50)) {
        t.micros.push_back({1, key, ++fresh[key]});
      } else {
        int pick = g.below(static_cast<int>(written[key].size()));
        if (g.percent(50)) pick = static_cast<int>(written[key].size()) - 1;
        int value = written[key][pick];
        for (auto [kind, k, v] : t.micros) {
          if (kind == 1 && k == key && g.percent(90)) value = v;
        }
        t.micros.push_back({0, key, value});
      }
    }
    for (auto [kind, key, value] : t.micros) {
      if (kind == 1) written[key].push_back(value);
    }
    txns.push_back(t);
  }
  // Events need different positions.
  std::vector<std::pair<int, int*>> events;
  for (Txn& t : txns) {
    events.emplace_back(2 * t.call, &t.call);
    events.emplace_back(2 * t.ret + 1, &t.ret);
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < events.size(); ++i) *events[i].second = static_cast<int>(i);
  return txns;
}

TEST(Transactions, AgreeWithTheDefinitions) {
  Generator g(11);
  std::array<int, 7> valid{}, invalid{};
  for (int i = 0; i < 3000; ++i) {
    auto txns = random_txns(g, 3 + g.below(3), 2 + g.below(2), 1 + g.below(3));
    std::string text = text_of(txns);
    History history = read_history(text, "random");
    bool stronger = false;
    for (int l = 6; l >= 0; --l) {
      Level level = static_cast<Level>(l);
      bool expected = stronger || Definition(txns).holds(level);
      stronger = expected;
      Result result = check_transactions(history, ModelId::txn_register, level);
      ASSERT_EQ(result.verdict, expected ? Verdict::valid : Verdict::invalid)
          << "level " << l << "\n"
          << text << result.why;
      if (expected && level >= Level::serializable) {
        ASSERT_EQ(verify_serial_order(history, ModelId::txn_register, result.order,
                                      level == Level::strict_serializable),
                  "");
      }
      ASSERT_EQ(result.why.empty(), expected);
      ++(expected ? valid : invalid)[static_cast<size_t>(l)];
    }
  }
  for (int l = 0; l < 7; ++l) {
    EXPECT_GT(valid[l], 100) << l;
    EXPECT_GT(invalid[l], 100) << l;
  }
}

// Values written twice: by trying every order of the transactions on real registers.
bool some_order(const std::vector<Txn>& txns, bool real_time) {
  std::vector<size_t> c(txns.size());
  std::iota(c.begin(), c.end(), 0);
  do {
    std::map<int, int> cells;
    bool good = true;
    for (size_t i = 0; i < c.size() && good; ++i) {
      for (size_t j = i + 1; j < c.size(); ++j) {
        const Txn &first = txns[c[i]], &second = txns[c[j]];
        good &= !(first.process == second.process && second.call < first.call);
        good &= !(real_time && second.ret < first.call);
      }
      for (auto [kind, key, value] : txns[c[i]].micros) {
        if (kind == 1) cells[key] = value;
        good &= cells[key] == value;
      }
    }
    if (good) return true;
  } while (std::next_permutation(c.begin(), c.end()));
  return false;
}

TEST(Transactions, WithValuesWrittenTwiceAreSearched) {
  Generator g(31);
  std::array<std::array<int, 2>, 2> seen{};
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    auto txns = random_txns(g, 3 + g.below(4), 2 + g.below(2), 1 + g.below(2));
    for (Txn& t : txns) {
      std::map<int, int> own;
      for (auto& [kind, key, value] : t.micros) {
        if (value != 0) value = 1 + value % 2;
        if (kind == 1) own[key] = value;
        if (kind == 0 && own.count(key) && g.percent(90)) value = own[key];
      }
    }
    std::string text = text_of(txns);
    History history = read_history(text, "random");
    for (bool real_time : {false, true}) {
      Level level = real_time ? Level::strict_serializable : Level::serializable;
      Result result = check_transactions(history, ModelId::txn_register, level);
      bool expected = some_order(txns, real_time);
      ASSERT_EQ(result.verdict, expected ? Verdict::valid : Verdict::invalid) << text;
      if (expected) {
        ASSERT_EQ(verify_serial_order(history, ModelId::txn_register, result.order, real_time), "");
      }
      if (result.method == kStatesMethod) ++seen[real_time][expected];
    }
    try {
      check_transactions(history, ModelId::txn_register, Level::read_committed);
    } catch (const ModelError& e) {
      ++refused;
      EXPECT_NE(std::string(e.what()).find("only linearizable, strict-serializable and"),
                std::string::npos);
    }
  }
  for (const auto& of : seen) {
    EXPECT_GT(of[0], 100);
    EXPECT_GT(of[1], 100);
  }
  EXPECT_GT(refused, 500);
}

// Knossos is told apart from the file that x and y begin as 0.
TEST(Transactions, OfKnossosSayNotHowTheyBegin) {
  auto verdict = [](const char* first, const char* second, Level level) {
    std::string text;
    for (const char* seen : {first, second}) {
      text += fmt::format(
          "{{:process 0 :type :invoke :f :txn :value [[:read :x nil]]}}\n"
          "{{:process 0 :type :ok :f :txn :value [[:read :x {}]]}}\n"
          "{{:process 0 :type :invoke :f :txn :value [[:write :x 1]]}}\n"
          "{{:process 0 :type :ok :f :txn :value [[:write :x 1]]}}\n",
          seen);
    }
    return check_transactions(read_history(text, "h"), ModelId::txn_register, level);
  };
  Result good = verdict("0", "1", Level::strict_serializable);
  EXPECT_EQ(good.verdict, Verdict::valid);
  EXPECT_EQ(good.note, ":x = 0");
  EXPECT_EQ(verdict("nil", "1", Level::strict_serializable).note, "");
  EXPECT_EQ(verdict("0", "nil", Level::strict_serializable).verdict, Verdict::valid);
  EXPECT_EQ(verdict("0", "0", Level::strict_serializable).verdict, Verdict::invalid);
  EXPECT_EQ(verdict("0", "7", Level::strict_serializable).verdict, Verdict::invalid);
  // What somebody wrote before is no beginning.
  History late = read_history(
      "{:process 0 :type :invoke :value [[:write :x 5]]}\n"
      "{:process 1 :type :invoke :value [[:read :x nil]]}\n"
      "{:process 1 :type :ok :value [[:read :x 5]]}\n",
      "h");
  EXPECT_EQ(check_transactions(late, ModelId::txn_register, Level::strict_serializable).note, "");
}

// An execution of a store with snapshots: what a transaction reads is the state at its begin, and
// it commits only if nobody committed a write to one of its keys since.
std::string run_of_snapshots(Generator& g, int sessions, int txns, int accesses, int keys,
                             bool by_session) {
  std::map<int, std::vector<std::pair<int, int>>> store;  // by key: commit, value
  struct Running {
    int begin = 0;
    std::vector<std::array<int, 3>> micros;
    std::map<int, int> own;
  };
  std::map<int, Running> running;
  std::vector<int> left(sessions, txns);
  std::vector<std::string> of(sessions);
  std::string real;
  int now = 0, fresh = 0, open = sessions;
  auto event = [&](int p, const char* type, const Running& t) {
    std::string list;
    for (auto [write, key, value] : t.micros) {
      bool unknown = !write && type[0] == 'i';
      list += fmt::format("{}[\"{}\",{},{}]", list.empty() ? "" : ",", write ? "w" : "r", key,
                          value == 0 || unknown ? "null" : std::to_string(value));
    }
    return fmt::format("{{\"process\":{},\"type\":\"{}\",\"f\":\"txn\",\"value\":[{}]}}\n", p, type,
                       list);
  };
  while (open > 0) {
    int p = g.below(sessions);
    auto at = running.find(p);
    if (at == running.end()) {
      if (left[p] == 0) continue;
      running[p].begin = now;
      real += event(p, "invoke", running[p]);
    } else if (static_cast<int>(at->second.micros.size()) < accesses) {
      Running& t = at->second;
      int key = g.below(keys), value = 0;
      if (g.percent(50)) {
        t.own[key] = ++fresh;
        t.micros.push_back({1, key, fresh});
        continue;
      }
      for (auto [commit, v] : store[key]) {
        if (commit <= t.begin) value = v;
      }
      t.micros.push_back({0, key, t.own.count(key) ? t.own[key] : value});
    } else {
      Running t = at->second;
      running.erase(at);
      bool conflict = false;
      for (auto [key, value] : t.own) {
        conflict |= !store[key].empty() && store[key].back().first > t.begin;
      }
      real += event(p, conflict ? "fail" : "ok", t);
      if (conflict) continue;
      ++now;
      for (auto [key, value] : t.own) store[key].emplace_back(now, value);
      of[p] += event(p, "invoke", t) + event(p, "ok", t);
      if (--left[p] == 0) --open;
    }
  }
  if (!by_session) return real;
  return std::accumulate(of.begin(), of.end(), std::string());
}

TEST(Transactions, SnapshotIsolationOfRealRunsIsDecided) {
  struct Shape {
    int sessions, txns, accesses, keys;
  };
  Generator g(5);
  for (Shape shape : {Shape{20, 20, 15, 10000}, {20, 20, 15, 300}, {10, 20, 4, 30}}) {
    for (bool by_session : {false, true}) {
      std::string text =
          run_of_snapshots(g, shape.sessions, shape.txns, shape.accesses, shape.keys, by_session);
      History history = read_history(text, "run");
      for (Level level : {Level::snapshot_isolation, Level::prefix}) {
        Result result =
            check_transactions(history, ModelId::txn_register, level, Budget::seconds(10));
        EXPECT_EQ(result.verdict, Verdict::valid) << shape.keys << " " << by_session;
      }
    }
  }
}

TEST(Transactions, ALostUpdateIsCalledSo) {
  auto txn = [](int p, const char* type, const char* list) {
    return fmt::format("{{\"process\":{},\"type\":\"{}\",\"f\":\"txn\",\"value\":[{}]}}\n", p, type,
                       list);
  };
  auto both = [&](const char* first, const char* second) {
    const char* writer = R"(["w","x",1],["w","y",1])";
    return read_history(txn(0, "invoke", writer) + txn(1, "invoke", first) +
                            txn(2, "invoke", second) + txn(0, "ok", writer) + txn(1, "ok", first) +
                            txn(2, "ok", second),
                        "h");
  };
  auto why = [](const History& h, Level level) {
    Result result = check_transactions(h, ModelId::txn_register, level);
    return result.why.substr(0, result.why.find_first_of(":\n"));
  };
  History lost = both(R"(["r","x",1],["w","x",2])", R"(["r","x",1],["w","x",3])");
  EXPECT_EQ(why(lost, Level::prefix), "");
  EXPECT_EQ(why(lost, Level::snapshot_isolation), "lost update");
  EXPECT_EQ(why(lost, Level::serializable), "lost update");
  History skew =
      both(R"(["r","x",1],["r","y",1],["w","x",2])", R"(["r","x",1],["r","y",1],["w","y",3])");
  EXPECT_EQ(why(skew, Level::snapshot_isolation), "");
  EXPECT_EQ(why(skew, Level::serializable), "G2-item (write skew)");
}

// Two readers that see two independent writes in different orders: no prefix of one order.
TEST(Transactions, ALongForkIsNoWriteSkew) {
  std::string text;
  int p = 0;
  for (const char* list : {R"(["w","x",1])", R"(["w","y",1])", R"(["r","x",1],["r","y",null])",
                           R"(["r","x",null],["r","y",1])"}) {
    for (const char* type : {"invoke", "ok"}) {
      text += fmt::format("{{\"process\":{},\"type\":\"{}\",\"f\":\"txn\",\"value\":[{}]}}\n", p,
                          type, list);
    }
    ++p;
  }
  History history = read_history(text, "h");
  for (Level level : {Level::prefix, Level::snapshot_isolation}) {
    Result result = check_transactions(history, ModelId::txn_register, level);
    EXPECT_EQ(result.verdict, Verdict::invalid);
    EXPECT_TRUE(result.why.starts_with("G-nonadjacent (long fork)")) << result.why;
  }
  EXPECT_EQ(check_transactions(history, ModelId::txn_register, Level::causal).verdict,
            Verdict::valid);
}

// What is refuted at a weaker level is not unknown at a stronger one; what nobody decided is not
// claimed.
TEST(Transactions, TheStrongestIsWhatIsKnown) {
  Generator g(9);
  std::string text = run_of_snapshots(g, 20, 20, 15, 300, false);
  History history = read_history(text, "run");
  Budget none;
  none.nodes_max = 0;
  none.deadline = std::chrono::steady_clock::now();
  Strongest s = strongest(history, ModelId::txn_register, none);
  EXPECT_EQ(std::count(s.holds.begin(), s.holds.end(), Consistency::snapshot_isolation), 0);
  for (Consistency c : s.unknown) {
    EXPECT_EQ(std::count(s.holds.begin(), s.holds.end(), c), 0);
    for (const auto& [broken, result] : s.broken) {
      EXPECT_TRUE(result.verdict == Verdict::unknown || broken > c);
    }
  }
  EXPECT_FALSE(s.unknown.empty());
  Strongest all = strongest(history, ModelId::txn_register, Budget::seconds(20));
  EXPECT_TRUE(all.unknown.empty());
  EXPECT_EQ(all.holds, std::vector{Consistency::snapshot_isolation});
}

// Register operations: process, write?, key, value.
struct Access {
  int process;
  bool write;
  int key, value;
};

class CausalDefinition {
 public:
  explicit CausalDefinition(std::vector<Access> ops)
      : o_(std::move(ops)), n_(static_cast<int>(o_.size())) {
    co_.assign(n_, std::vector<char>(n_, 0));
    for (int a = 0; a < n_; ++a) {
      for (int b = 0; b < n_; ++b) {
        bool po = o_[a].process == o_[b].process && a < b;
        bool rf =
            o_[a].write && !o_[b].write && o_[a].key == o_[b].key && o_[a].value == o_[b].value;
        co_[a][b] = po || rf;
      }
    }
    for (int m = 0; m < n_; ++m) {
      for (int a = 0; a < n_; ++a) {
        for (int b = 0; b < n_; ++b) co_[a][b] |= co_[a][m] && co_[m][b];
      }
    }
    for (int a = 0; a < n_; ++a) {
      bad_ |= co_[a][a];
      bool source = o_[a].write || o_[a].value == 0;
      for (const Access& w : o_) source |= w.write && w.key == o_[a].key && w.value == o_[a].value;
      bad_ |= !source;
    }
  }
  bool cc() const {
    if (bad_) return false;
    for (int r = 0; r < n_; ++r) {
      if (!o_[r].write && !extension(r, {r})) return false;
    }
    return true;
  }
  bool cm() const {
    if (bad_) return false;
    for (int o = 0; o < n_; ++o) {
      std::vector<int> reads;
      for (int r = 0; r <= o; ++r) {
        if (!o_[r].write && o_[r].process == o_[o].process) reads.push_back(r);
      }
      if (!extension(o, reads)) return false;
    }
    return true;
  }
  bool ccv() const {
    if (bad_) return false;
    std::vector<int> all(n_);
    std::iota(all.begin(), all.end(), 0);
    return orders(all, [&](const std::vector<int>& arb) {
      for (int r = 0; r < n_; ++r) {
        if (o_[r].write) continue;
        int last = 0;
        for (int w : arb) {
          if (o_[w].write && o_[w].key == o_[r].key && co_[w][r]) last = o_[w].value;
        }
        if (last != o_[r].value) return false;
      }
      return true;
    });
  }

 private:
  // A linear extension of co on past(o) in which the reads return what was written last.
  bool extension(int o, const std::vector<int>& reads) const {
    std::vector<int> past;
    for (int a = 0; a < n_; ++a) {
      if (a == o || co_[a][o]) past.push_back(a);
    }
    return orders(past, [&](const std::vector<int>& order) {
      std::map<int, int> cells;
      for (int a : order) {
        if (o_[a].write) cells[o_[a].key] = o_[a].value;
        bool counts = std::find(reads.begin(), reads.end(), a) != reads.end();
        if (counts && cells[o_[a].key] != o_[a].value) return false;
      }
      return true;
    });
  }
  bool orders(std::vector<int> members,
              const std::function<bool(const std::vector<int>&)>& good) const {
    std::sort(members.begin(), members.end());
    do {
      bool extends = true;
      for (size_t i = 0; i < members.size(); ++i) {
        for (size_t j = i + 1; j < members.size(); ++j) extends &= !co_[members[j]][members[i]];
      }
      if (extends && good(members)) return true;
    } while (std::next_permutation(members.begin(), members.end()));
    return false;
  }
  std::vector<Access> o_;
  int n_;
  std::vector<std::vector<char>> co_;
  bool bad_ = false;
};

TEST(CausalProperties, AgreeWithTheDefinitions) {
  Generator g(23);
  std::array<int, 3> valid{}, invalid{};
  for (int i = 0; i < 2500; ++i) {
    int n = 4 + g.below(4), processes = 2 + g.below(2), keys = 1 + g.below(2);
    std::vector<Access> ops;
    std::map<int, int> fresh;
    for (int k = 0; k < n; ++k) {
      int key = g.below(keys);
      bool write = g.percent(45);
      ops.push_back({g.below(processes), write, key, write ? ++fresh[key] : 0});
    }
    for (Access& a : ops) {
      if (!a.write) a.value = g.below(fresh[a.key] + 1);
    }
    std::string text;
    for (const Access& a : ops) {
      for (const char* type : {"invoke", "ok"}) {
        std::string value = a.value == 0 ? "null" : std::to_string(a.value);
        text += "{\"process\":" + std::to_string(a.process) + ",\"type\":\"" + type +
                "\",\"f\":\"" + (a.write ? "write" : "read") +
                "\",\"key\":" + std::to_string(a.key) + ",\"value\":" + value + "}\n";
      }
    }
    History history = read_history(text, "random");
    CausalDefinition definition(ops);
    std::array<bool, 3> expected = {definition.cc(), definition.cm(), definition.ccv()};
    std::array<Causal, 3> kinds = {Causal::cc, Causal::cm, Causal::ccv};
    for (size_t k = 0; k < 3; ++k) {
      Result result = check_causal(history, ModelId::multi_register, kinds[k]);
      ASSERT_EQ(result.verdict, expected[k] ? Verdict::valid : Verdict::invalid)
          << k << "\n"
          << text << result.why;
      ++(expected[k] ? valid : invalid)[k];
    }
  }
  for (size_t k = 0; k < 3; ++k) {
    EXPECT_GT(valid[k], 100);
    EXPECT_GT(invalid[k], 100);
  }
}

TEST(ListAppend, NamesTheCycle) {
  // Two transactions that both read the empty list and both append: a lost update.
  History history = read_history(
      R"({"process":0,"type":"invoke","f":"txn","value":[["r","x",null],["append","x",1]]}
{"process":1,"type":"invoke","f":"txn","value":[["r","x",null],["append","x",2]]}
{"process":0,"type":"ok","f":"txn","value":[["r","x",[]],["append","x",1]]}
{"process":1,"type":"ok","f":"txn","value":[["r","x",[]],["append","x",2]]}
{"process":0,"type":"invoke","f":"txn","value":[["r","x",null]]}
{"process":0,"type":"ok","f":"txn","value":[["r","x",[1,2]]]}
)",
      "list");
  auto at = [&](Level level) { return check_transactions(history, ModelId::list_append, level); };
  EXPECT_EQ(at(Level::causal).verdict, Verdict::valid);
  EXPECT_EQ(at(Level::prefix).verdict, Verdict::valid);
  EXPECT_EQ(at(Level::snapshot_isolation).verdict, Verdict::invalid);
  Result result = at(Level::serializable);
  EXPECT_EQ(result.verdict, Verdict::invalid);
  EXPECT_TRUE(result.why.starts_with("lost update")) << result.why;
  // What shows each edge: what was read, and the read that fixes the order of the appends.
  EXPECT_NE(result.why.find("read key \"x\" = [] before it was overwritten with 1 by"),
            std::string::npos)
      << result.why;
  EXPECT_NE(result.why.find("wrote key \"x\" before, as process 0 read [1,2] (lines 5-6),"),
            std::string::npos)
      << result.why;
}

}  // namespace
}  // namespace lockstep::history
