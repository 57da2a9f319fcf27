#include "base/admin_table.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "base/escape.h"
#include "base/log.h"
#include "base/suggest.h"

namespace skiff {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode_form(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (text[i] == '%' && low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::optional<std::string> find_parameter(std::string_view form, std::string_view name) {
  while (!form.empty()) {
    const std::string_view pair = form.substr(0, form.find('&'));
    form.remove_prefix(std::min(form.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    return equals == std::string_view::npos ? std::string() : decode_form(pair.substr(equals + 1));
  }
  return {};
}

bool is_address(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// `[::1]:80` -> `::1`, `Localhost:80` -> `localhost`.
std::string host_without_port(std::string_view host) {
  const bool is_bracketed = !host.empty() && host.front() == '[';
  const std::size_t end = is_bracketed ? host.find(']') : host.find(':');
  if (is_bracketed && end == std::string_view::npos) return {};
  std::string name(host.substr(0, end));
  if (is_bracketed) name.erase(0, 1);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name;
}

// The page of a browser that sends this request is of another origin than ours.
bool is_from_other_origin(const AdminRequest& request) {
  if (!request.origin.empty() && request.origin != "http://" + std::string(request.host)) {
    return true;
  }
  return !request.fetch_site.empty() && request.fetch_site != "same-origin" &&
         request.fetch_site != "none";
}

AdminAnswer run(const AdminTable::Handler& handler, const AdminRequest& request) {
  try {
    return handler(request);
  } catch (const std::exception& bug) {
    log::error(Component::admin, {{"path", request.path}}, "{}", bug.what());
    return admin_text("internal error; the process log says more\n", 500);
  }
}

bool is_read(std::string_view method) { return method == "GET" || method == "HEAD"; }

}  // namespace

std::optional<std::string> AdminRequest::parameter(std::string_view name) const {
  if (auto found = find_parameter(query, name)) return found;
  if (!content_type.starts_with("application/x-www-form-urlencoded")) return {};
  return find_parameter(body, name);
}

AdminAnswer admin_text(std::string body, unsigned status) {
  return {.status = status, .body = std::move(body)};
}

AdminAnswer admin_json(std::string body, unsigned status) {
  return {.status = status, .body = std::move(body), .content_type = "application/json"};
}

void AdminTable::add_page(std::string path, std::string help, Handler handler) {
  Entry& to = entry(std::move(path));
  to.page_help = std::move(help);
  to.page = std::move(handler);
}

void AdminTable::add_change(std::string path, std::string help, Handler handler) {
  Entry& to = entry(std::move(path));
  to.change_help = std::move(help);
  to.change = std::move(handler);
}

AdminAnswer AdminTable::answer(const AdminRequest& request) const {
  if (!is_allowed_host(request.host)) return admin_text("this Host is not the admin's own\n", 403);
  const Entry* const found = find(request.path);
  if (found == nullptr) {
    return request.path == "/" && is_read(request.method) ? index() : not_found(request.path);
  }
  if (found->page && is_read(request.method)) return run(found->page, request);
  if (found->change && request.method == "POST") return change(*found, request);

  std::string allowed = found->page ? "GET, HEAD" : "";
  if (found->change) allowed += allowed.empty() ? "POST" : ", POST";
  AdminAnswer refused = admin_text("use " + allowed + "\n", 405);
  refused.allow = std::move(allowed);
  return refused;
}

AdminTable::Entry& AdminTable::entry(std::string path) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& one) { return one.path == path; });
  if (found != entries_.end()) return *found;
  Entry& added = entries_.emplace_back();
  added.path = std::move(path);
  return added;
}

const AdminTable::Entry* AdminTable::find(std::string_view path) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& one) { return one.path == path; });
  return found == entries_.end() ? nullptr : &*found;
}

bool AdminTable::is_allowed_host(std::string_view host) const {
  if (host.empty()) return true;  // HTTP/1.0: no browser.
  const std::string name = host_without_port(host);
  return name == "localhost" || is_address(name) ||
         std::find(allowed_hosts_.begin(), allowed_hosts_.end(), name) != allowed_hosts_.end();
}

AdminAnswer AdminTable::change(const Entry& entry, const AdminRequest& request) const {
  if (is_from_other_origin(request)) {
    return admin_text("changes are refused to pages of other origins\n", 403);
  }
  if (!request.from_loopback) {
    return admin_text("changes are made from the same machine only\n", 403);
  }
  AdminAnswer answer = run(entry.change, request);
  log::info(Component::admin,
            {{"path", request.path}, {"query", request.query}, {"status", answer.status}},
            "change");
  return answer;
}

AdminAnswer AdminTable::index() const {
  std::string text;
  for (const Entry& one : entries_) {
    if (one.page) text += fmt::format("GET  {:<14} {}\n", one.path, one.page_help);
    if (one.change) text += fmt::format("POST {:<14} {}\n", one.path, one.change_help);
  }
  return admin_text(std::move(text));
}

AdminAnswer AdminTable::not_found(std::string_view path) const {
  std::vector<std::string_view> paths;
  for (const Entry& one : entries_) paths.push_back(one.path);
  std::string text = "there is no ";
  append_word(text, path);
  if (const auto meant = nearest(path, paths); !meant.empty()) {
    text += fmt::format("; did you mean {}?", meant);
  }
  return admin_text(text + "\n\n" + index().body, 404);
}

}  // namespace skiff
