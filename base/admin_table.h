#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skiff {

// One request to the admin server. The texts live as long as the call that it is given to.
struct AdminRequest {
  std::string_view method = "GET";
  std::string_view path = "/";
  std::string_view query{};
  std::string_view content_type{};
  std::string_view body{};
  std::string_view host{};  // Header fields; empty where they are missing.
  std::string_view origin{};
  std::string_view fetch_site{};  // Sec-Fetch-Site.
  bool from_loopback = true;      // The other end of the connection is this machine.

  // A parameter of the query or else of a form in the body, decoded.
  std::optional<std::string> parameter(std::string_view name) const;
};

struct AdminAnswer {
  unsigned status = 200;
  std::string body{};
  std::string content_type = "text/plain; charset=utf-8";
  std::string allow{};  // With 405: the methods that are.
};

AdminAnswer admin_text(std::string body, unsigned status = 200);
AdminAnswer admin_json(std::string body, unsigned status = 200);

// The pages and changes of an admin server, and who may ask for them: the rules of HTTP and of
// browsers, without a socket.
// - A page is read by GET or HEAD; a change is made by POST and nothing else (405).
// - Host must be an address, `localhost` or a name that was allowed, else 403: a foreign site's
// name
//   that was made to point here (DNS rebinding) gets nothing.
// - A change is refused (403) to browsers on pages of other origins, and to other machines: they
//   would have to be known first.
class AdminTable final {
 public:
  using Handler = std::function<AdminAnswer(const AdminRequest&)>;

  explicit AdminTable(std::vector<std::string> allowed_hosts = {})
      : allowed_hosts_(std::move(allowed_hosts)) {}

  // `help` is one sentence for the list of paths. A path may have a page and a change.
  void add_page(std::string path, std::string help, Handler handler);
  void add_change(std::string path, std::string help, Handler handler);

  // Every request has an answer; a handler that throws, 500. The body is to be left out for HEAD.
  AdminAnswer answer(const AdminRequest& request) const;

 private:
  struct Entry {
    std::string path;
    std::string page_help;
    std::string change_help;
    Handler page;    // Empty: none.
    Handler change;  // Empty: none.
  };

  Entry& entry(std::string path);
  const Entry* find(std::string_view path) const;
  bool is_allowed_host(std::string_view host) const;
  AdminAnswer change(const Entry& entry, const AdminRequest& request) const;
  AdminAnswer index() const;
  AdminAnswer not_found(std::string_view path) const;

  const std::vector<std::string> allowed_hosts_;
  std::vector<Entry> entries_;
};

}  // namespace skiff
