#include "cli/against/against.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <deque>
#include <map>
#include <thread>

#include "cli/against/resp.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/json_line.h"
#include "cli/terminal/words.h"
#include "engine/base/error.h"

namespace lockstep::cli {
namespace {

using vm::KeptReply;
using vm::KeptRequest;

// A reply should be there at once; of a request that waited, once it has been served here.
constexpr double kPatience = 5;
constexpr uint64_t kLongest = 600'000;  // ms of the virtual clock
constexpr size_t kShown = 20;           // differences in a report

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool one_of(const std::string& name, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* n) { return name == n; });
}

// Ours counts from the start of the execution, and a real clock does not stand still.
bool tells_time(const KeptRequest& r) {
  const std::string name = lower(r.words[0]);
  if (one_of(name, {"time", "ttl", "pttl", "expiretime", "pexpiretime"})) return true;
  return name == "xadd" && std::find(r.words.begin(), r.words.end(), "*") != r.words.end();
}

// What comes of these on a connection is no reply, and how many hear a message depends on them.
bool is_subscription(const KeptRequest& r) {
  return one_of(lower(r.words[0]),
                {"subscribe", "psubscribe", "unsubscribe", "punsubscribe", "publish"});
}

// An error of a script tells its place, which is not the same text in all versions.
std::string without_place(std::string text) {
  if (text.empty() || text[0] != '-') return text;
  if (const size_t at = text.find(" script: "); at != std::string::npos) text.resize(at);
  const std::string compiling = "Error compiling script";
  if (const size_t at = text.find(compiling); at != std::string::npos)
    text.resize(at + compiling.size());
  const std::string place = "user_script:";
  for (size_t at; (at = text.find(place)) != std::string::npos;) {
    size_t end = at + place.size();
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end]))) end++;
    if (text.compare(end, 2, ": ") == 0) end += 2;
    text.erase(at, end - at);
  }
  return text;
}

void put_text(const KeptReply& reply, bool sorted, std::string* out) {
  if (!reply.list) {
    *out += without_place(reply.text);
    return;
  }
  std::vector<std::string> items;
  for (const KeptReply& item : reply.items) put_text(item, sorted, &items.emplace_back());
  if (sorted) std::sort(items.begin(), items.end());
  *out += '[';
  for (size_t i = 0; i < items.size(); i++) *out += (i ? ", " : "") + items[i];
  *out += ']';
}

std::string text_of(const KeptReply& reply, bool sorted) {
  std::string out;
  put_text(reply, sorted, &out);
  return out;
}

class Real {
 public:
  explicit Real(const std::string& where) : where_(where), control_(where) {
    control_.send({"DBSIZE"});
    const auto keys = control_.read(kPatience);
    if (!keys || keys->text != ":0")
      throw Error(ExitCode::usage,
                  keys && keys->text[0] == ':'
                      ? fmt::format("--against {}: the server is not empty: {} keys", where,
                                    keys->text.substr(1))
                      : fmt::format("--against {}: DBSIZE is answered by {}", where,
                                    keys ? one_line(keys->text) : "nothing"),
                  "give it a server of its own, since everything is written there: redis-server "
                  "--port 0 --unixsocket /tmp/redis.sock --save ''");
    for (const char* what : {"SCRIPT", "FUNCTION"}) {
      control_.send({what, "FLUSH"});
      control_.read(kPatience);
    }
  }
  RespConnection& connection(uint64_t of) {
    const auto at = connections_.find(of);
    return at != connections_.end() ? at->second : connections_.emplace(of, where_).first->second;
  }

 private:
  std::string where_;
  RespConnection control_;
  std::map<uint64_t, RespConnection> connections_;
};

// In the order in which they are first asked.
std::vector<std::string> servers_of(const std::vector<KeptRequest>& requests) {
  std::vector<std::string> names;
  for (const KeptRequest& r : requests)
    if (std::find(names.begin(), names.end(), r.server) == names.end()) names.push_back(r.server);
  return names;
}

void check_servers(const std::vector<KeptRequest>& requests, size_t given) {
  const std::vector<std::string> names = servers_of(requests);
  if (names.empty())
    throw Error(ExitCode::usage, "--against: this execution asks no server anything",
                "it is for scenarios that use lockstep.redis");
  if (names.size() != given)
    throw Error(ExitCode::usage,
                fmt::format("--against: the execution asks {}, and {} given",
                            counted(names.size(), "server"),
                            given == 1 ? "one is" : std::to_string(given) + " are"),
                "one --against for each, in the order in which they are first asked");
  const auto [first, last] =
      std::minmax_element(requests.begin(), requests.end(),
                          [](const KeptRequest& a, const KeptRequest& b) { return a.at < b.at; });
  if (last->at - first->at > kLongest)
    throw Error(ExitCode::usage,
                fmt::format("--against: the execution takes {} s of virtual time, and more than {} "
                            "are not waited for",
                            (last->at - first->at) / 1000, kLongest / 1000));
}

void check_interrupt() {
  if (interrupted()) throw Error(ExitCode::interrupted, "interrupted before all had been sent");
}

}  // namespace

std::string reply_text(const KeptReply& reply) { return one_line(text_of(reply, false)); }

AgainstResult send_requests(const std::vector<KeptRequest>& requests,
                            const std::vector<std::string>& servers) {
  check_servers(requests, servers.size());
  const std::vector<std::string> order = servers_of(requests);
  std::deque<Real> real;
  for (const auto& where : servers) real.emplace_back(where);
  const auto server_of = [&](const KeptRequest& r) -> Real& {
    return real[static_cast<size_t>(std::find(order.begin(), order.end(), r.server) -
                                    order.begin())];
  };

  AgainstResult result;
  std::map<uint64_t, std::pair<size_t, const KeptRequest*>> waits;  // by connection
  uint64_t now = requests.front().at;
  size_t number = 0;
  for (const KeptRequest& r : requests) {
    check_interrupt();
    if (!r.words.empty()) number++;
    if (!r.words.empty() && r.words[0] == "fail_over") {
      for (const KeptRequest* later = &r + 1; later != requests.data() + requests.size(); later++)
        result.after_fail_over += !later->words.empty();
      break;
    }
    for (; r.at > now; now++) {  // in small steps, so that ^C is heard
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      check_interrupt();
    }
    const bool asks = !r.words.empty();
    if (asks && is_subscription(r)) {
      result.left_out++;
      continue;
    }
    RespConnection& connection = server_of(r).connection(r.connection);
    if (asks) {
      connection.send(r.words);
      result.sent++;
      if (!r.answered) {
        waits[r.connection] = {number, &r};
        // It has to be waiting there when the next one comes.
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        continue;
      }
    }
    ReplyDifference d{number, r, ""};
    if (!asks) {
      const auto at = waits.find(r.connection);
      if (at == waits.end()) continue;
      d.number = at->second.first;
      d.request = *at->second.second;
      d.request.reply = r.reply;
      waits.erase(at);
    }
    const auto reply = connection.read(kPatience);
    check_interrupt();
    if (tells_time(d.request)) {
      result.times++;
      continue;
    }
    if (reply && text_of(*reply, false) == text_of(d.request.reply, false)) {
      result.equal++;
    } else if (reply && text_of(*reply, true) == text_of(d.request.reply, true)) {
      result.equal++;
      result.reordered++;
    } else {
      d.real = reply ? reply_text(*reply) : "nothing within 5 s";
      result.differ.push_back(std::move(d));
      if (!reply) break;  // what comes later is no reply to what is asked later
    }
  }
  return result;
}

// ---- reports ----

namespace {

std::string command_of(const KeptRequest& r) {
  constexpr size_t kLongestWord = 40;
  std::string out;
  for (const auto& word : r.words) {
    const std::string shown = one_line(word);
    out += (out.empty() ? "" : " ") +
           (shown.size() > kLongestWord ? shown.substr(0, kLongestWord - 3) + "..." : shown);
  }
  return out;
}

std::string joined(const std::vector<std::string>& servers) {
  std::string out;
  for (const auto& s : servers) out += (out.empty() ? "" : ", ") + one_line(s);
  return out;
}

}  // namespace

std::string against_text(const std::string& trace, const std::vector<std::string>& servers,
                         const AgainstResult& r) {
  std::string out = fmt::format("{}: {} sent to {}, {} of the replies {} as simulated\n", trace,
                                counted(r.sent, "command"), joined(servers), r.equal,
                                r.equal == 1 ? "is" : "are");
  const auto note = [&](uint64_t n, const char* what) {
    if (n) out += fmt::format("  {:<5} {}\n", n, what);
  };
  note(r.reordered, "of these but for the order of a list");
  note(r.times, "not compared: they tell the time, which is the virtual clock's here");
  note(r.left_out, "not sent: publish and subscribe");
  note(r.after_fail_over,
       "not sent: they come after a fail-over, which no real server does when told to");
  for (size_t i = 0; i < r.differ.size() && i < kShown; i++) {
    const ReplyDifference& d = r.differ[i];
    out += fmt::format("\n  command {} of {} at {}:  {}\n    simulated:  {}\n    real:       {}\n",
                       d.number, one_line(d.request.process), one_line(d.request.site),
                       command_of(d.request), reply_text(d.request.reply), d.real);
  }
  if (r.differ.size() > kShown) out += fmt::format("\n  and {} more\n", r.differ.size() - kShown);
  return out;
}

std::string against_ndjson(const std::string& trace, const std::vector<std::string>& servers,
                           const AgainstResult& r) {
  Json differ = Json::array();
  for (const ReplyDifference& d : r.differ)
    differ.push_back({{"number", d.number},
                      {"process", d.request.process},
                      {"site", d.request.site},
                      {"command", command_of(d.request)},
                      {"simulated", reply_text(d.request.reply)},
                      {"real", d.real}});
  return json_line({{"type", "against"},
                    {"trace_path", trace},
                    {"servers", servers},
                    {"sent", r.sent},
                    {"equal", r.equal},
                    {"reordered", r.reordered},
                    {"times", r.times},
                    {"not_sent", r.left_out + r.after_fail_over},
                    {"differ", differ}});
}

}  // namespace lockstep::cli
