#include "cli/llm/http.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "cli/terminal/interrupt.h"
#include "cli/terminal/words.h"

namespace lockstep::cli::llm {
namespace {

// Numbers of libcurl's interface, which its name libcurl.so.4 keeps (curl.h: CURLoption, CURLINFO).
enum Option : int {
  kWriteData = 10001,
  kUrl = 10002,
  kErrorBuffer = 10010,
  kPostFields = 10015,
  kHttpHeader = 10023,
  kNoProgress = 43,
  kPostFieldSize = 60,
  kNoSignal = 99,
  kTimeoutMs = 155,
  kWriteFunction = 20011,
  kProgressFunction = 20219,
  kProtocols = 10318,  // as text, since 7.85
};
constexpr int kResponseCode = 0x200000 + 2;
constexpr size_t kErrorSize = 256;

struct Curl {
  void* library = nullptr;
  void* (*init)() = nullptr;
  int (*set)(void*, int, ...) = nullptr;
  int (*perform)(void*) = nullptr;
  int (*info)(void*, int, ...) = nullptr;
  void (*cleanup)(void*) = nullptr;
  void* (*append)(void*, const char*) = nullptr;
  void (*free_all)(void*) = nullptr;
  const char* (*words)(int) = nullptr;

  template <class Fn>
  bool find(Fn*& fn, const char* name) {
    fn = reinterpret_cast<Fn*>(::dlsym(library, name));
    return fn != nullptr;
  }
  bool open() {
    for (const char* name : {"libcurl.so.4", "libcurl-gnutls.so.4"})
      if (!library) library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    return library && find(init, "curl_easy_init") && find(set, "curl_easy_setopt") &&
           find(perform, "curl_easy_perform") && find(info, "curl_easy_getinfo") &&
           find(cleanup, "curl_easy_cleanup") && find(append, "curl_slist_append") &&
           find(free_all, "curl_slist_free_all") && find(words, "curl_easy_strerror");
  }
};

size_t keep(char* data, size_t size, size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size * count > kMostBody) return 0;  // which ends the transfer
  body.append(data, size * count);
  return size * count;
}

int stop(void*, int64_t, int64_t, int64_t, int64_t) { return interrupted() ? 1 : 0; }

}  // namespace

Posted post(const std::string& url, const std::vector<std::string>& headers,
            const std::string& body, double seconds) {
  Posted posted;
  Curl curl;
  if (!curl.open()) {
    posted.problem = "libcurl.so.4 cannot be opened: install libcurl4";
    return posted;
  }
  void* const easy = curl.init();
  if (!easy) {
    posted.problem = "libcurl does not start";
    return posted;
  }
  void* list = nullptr;
  for (const auto& header : headers) list = curl.append(list, header.c_str());
  char error[kErrorSize] = "";
  curl.set(easy, kErrorBuffer, error);
  curl.set(easy, kUrl, url.c_str());
  curl.set(easy, kProtocols, "http,https");
  curl.set(easy, kHttpHeader, list);
  curl.set(easy, kPostFieldSize, static_cast<long>(body.size()));
  curl.set(easy, kPostFields, body.c_str());
  curl.set(easy, kTimeoutMs, static_cast<long>(seconds * 1000));
  curl.set(easy, kNoSignal, 1L);
  curl.set(easy, kNoProgress, 0L);
  curl.set(easy, kProgressFunction, &stop);
  curl.set(easy, kWriteFunction, &keep);
  curl.set(easy, kWriteData, &posted.body);
  const int code = curl.perform(easy);
  if (code == 0)
    curl.info(easy, kResponseCode, &posted.status);
  else
    posted.problem = interrupted() ? "interrupted" : one_line(*error ? error : curl.words(code));
  if (posted.body.empty() && code == 0 && posted.status == 0) posted.problem = "no answer came";
  curl.cleanup(easy);
  curl.free_all(list);
  return posted;
}

}  // namespace lockstep::cli::llm
