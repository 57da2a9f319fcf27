#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/schema/each_once.h"
#include "config/schema/http_route.h"
#include "config/schema/shape.h"

namespace skiff {

// What all kinds of route have in common.

// Each type of filter once; of mirrors there may be several.
void check_filter_types(const std::vector<HTTPRouteFilter>& filters, const std::string& where,
                        const Complain& complain);

// Names of headers differ in more than case.
void check_header_names(const std::vector<NamedMatch>& headers, const Complain& complain);

// Where there are backends, one of them gets something.
void check_weights(const std::vector<HTTPBackendRef>& backends, const Complain& complain);

template <typename Route>
void check_rule_names(const Route& route, const Complain& complain) {
  check_each_once(
      route.rules, [](const auto& rule) { return rule.name; },
      {"rules", "name", "is the name of another rule too", "each name once"}, complain);
}

template <typename Route>
void describe_parents(Shape& shape) {
  shape
      .field("parentRefs", &Route::parent_refs,
             "What the route is attached to: Gateways, or Services of the mesh.")
      .shaped(describe_parent_ref())
      .items(1, 32)
      .required();
}

template <typename Route>
void describe_hostnames(Shape& shape, std::string_view doc) {
  shape.field("hostnames", &Route::hostnames, doc).obeys(text_rules::host_pattern).items(0, 16);
}

template <typename Rule>
void describe_rule_name(Shape& shape) {
  shape.field("name", &Rule::name, "What policies call it in sectionName.")
      .obeys(text_rules::dns_label);
}

}  // namespace skiff
