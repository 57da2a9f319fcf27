#include "sidecar/route/compiled_match.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/lower_case.h"
#include "sidecar/route/names.h"

namespace skiff {

struct CompiledMatch::Condition {
  std::string name;  // Of a header: in lower case.
  FieldId id;
  std::string value;
  std::unique_ptr<const re2::RE2> regex;

  bool holds(std::string_view text) const;
  static void add(std::vector<Condition>& to, const NamedMatch& named, std::string name);
};

namespace {

std::unique_ptr<const re2::RE2> compile(const std::string& expression) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  return std::make_unique<const re2::RE2>(expression, options);
}

// An expression that RE2 does not take, or text that is not UTF-8, never matches.
bool matches_whole(const re2::RE2& regex, std::string_view text) {
  return regex.ok() && re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), regex);
}

std::string without_end_slash(std::string prefix) {
  while (prefix.ends_with('/')) prefix.pop_back();
  return prefix;
}

bool has_name(const Field& field, FieldId id, const std::string& name) {
  if (field.id != id) return false;
  return id != FieldId::other || equals_ignoring_case(field.name(), name);
}

// What Gateway API compares: the first query parameter of that name, as it is written.
std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    const std::size_t equals = item.find('=');
    if (item.substr(0, equals) == name)
      return equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1);
    query.remove_prefix(std::min(query.size(), item.size() + 1));
  }
  return std::nullopt;
}

bool carries_grpc(const Request& request) {
  const Field* type = request.headers.find(FieldId::content_type);
  return type != nullptr && starts_like(type->value(), "application/grpc");
}

std::string joined_values(const Headers& headers, FieldId id, const std::string& name) {
  std::string joined;
  for (const Field& field : headers) {
    if (!has_name(field, id, name)) continue;
    if (!joined.empty()) joined += ',';
    joined += field.value();
  }
  return joined;
}

}  // namespace

// Gateway API: of several conditions on one name the first counts.
void CompiledMatch::Condition::add(std::vector<Condition>& to, const NamedMatch& named,
                                   std::string name) {
  if (std::any_of(to.begin(), to.end(), [&](const auto& c) { return c.name == name; })) return;
  const bool is_regex = named.type == NamedMatch::Type::regular_expression;
  const FieldId id = field_id(name);
  to.push_back({std::move(name), id, named.value, is_regex ? compile(named.value) : nullptr});
}

bool CompiledMatch::Condition::holds(std::string_view text) const {
  return regex != nullptr ? matches_whole(*regex, text) : text == value;
}

CompiledMatch::CompiledMatch(const HTTPRouteMatch& match)
    : path_type_(match.path.type), method_(match.method) {
  const bool is_prefix = path_type_ == PathMatch::Type::path_prefix;
  path_ = is_prefix ? without_end_slash(match.path.value) : match.path.value;
  if (path_type_ == PathMatch::Type::regular_expression) path_regex_ = compile(path_);

  add_headers(match.headers);
  for (const NamedMatch& param : match.query_params)
    Condition::add(query_params_, param, param.name);
  plain_ = path_regex_ == nullptr && method_.empty() && headers_.empty() && query_params_.empty();
}

CompiledMatch::CompiledMatch(const GRPCRouteMatch& match)
    : path_type_(PathMatch::Type::path_prefix), method_("POST"), is_grpc_(true) {
  add_headers(match.headers);
  if (!match.method) return;
  const auto& [type, service, method] = *match.method;
  const bool is_exact = type == GRPCMethodMatch::Type::exact;
  if (is_exact && !service.empty()) {
    path_ = "/" + service;
    if (method.empty()) return;
    path_type_ = PathMatch::Type::exact;
    path_ += "/" + method;
    return;
  }
  const auto part = [is_exact](const std::string& text) {
    if (text.empty()) return std::string("[^/]+");
    return "(?:" + (is_exact ? re2::RE2::QuoteMeta(text) : text) + ")";
  };
  path_regex_ = compile("/" + part(service) + "/" + part(method));
  characters_[0] = service.size();
  characters_[1] = method.size();
}

void CompiledMatch::add_headers(const std::vector<NamedMatch>& headers) {
  for (const NamedMatch& header : headers)
    Condition::add(headers_, header, lower_case(header.name));
}

CompiledMatch::~CompiledMatch() = default;

bool CompiledMatch::more_specific_than(const CompiledMatch& other) const {
  const auto rank = [](const CompiledMatch& m) {
    return std::tuple(m.characters_[0], m.characters_[1], !m.method_.empty(), m.headers_.size(),
                      m.query_params_.size());
  };
  return rank(*this) > rank(other);
}

bool CompiledMatch::holds_all(const Request& request) const {
  if (!method_.empty() && request.method_name != method_) return false;
  if (is_grpc_ && !carries_grpc(request)) return false;

  const auto header_holds = [&](const Condition& asked) {
    if (asked.id == FieldId::host) return asked.holds(request.authority);
    const auto is_it = [&](const Field& field) { return has_name(field, asked.id, asked.name); };
    const Field* first = std::find_if(request.headers.begin(), request.headers.end(), is_it);
    if (first == request.headers.end()) return false;
    if (std::find_if(first + 1, request.headers.end(), is_it) == request.headers.end())
      return asked.holds(first->value());
    return asked.holds(joined_values(request.headers, asked.id, asked.name));
  };
  if (!std::all_of(headers_.begin(), headers_.end(), header_holds)) return false;

  const auto param_holds = [&](const Condition& asked) {
    const auto value = query_value(request.query, asked.name);
    return value.has_value() && asked.holds(*value);
  };
  if (!std::all_of(query_params_.begin(), query_params_.end(), param_holds)) return false;

  return path_regex_ == nullptr || matches_whole(*path_regex_, request.path);
}

}  // namespace skiff
