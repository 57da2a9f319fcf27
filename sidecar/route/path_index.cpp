#include "sidecar/route/path_index.h"

#include <algorithm>

namespace skiff {

void PathIndex::add(const Candidate& candidate) {
  const std::string& path = candidate.match->path();
  switch (candidate.match->path_type()) {
    case PathMatch::Type::exact:
      return insert(exact_[path], candidate);
    case PathMatch::Type::regular_expression:
      return insert(regular_expressions_, candidate);
    case PathMatch::Type::path_prefix:
      break;
  }
  if (path.empty()) return insert(everything_, candidate);
  const auto depth = static_cast<std::uint32_t>(std::count(path.begin(), path.end(), '/'));
  deepest_ = std::max(deepest_, depth);
  insert(prefixes_[path], candidate);
}

void PathIndex::insert(Bucket& bucket, const Candidate& candidate) {
  const auto before = [](const Candidate& a, const Candidate& b) {
    return a.match->more_specific_than(*b.match);
  };
  bucket.insert(std::upper_bound(bucket.begin(), bucket.end(), candidate, before), candidate);
}

const Candidate* PathIndex::find(const Request& request) const {
  if (!exact_.empty())
    if (const Candidate* found = look_up(exact_, request.path, request)) return found;
  if (deepest_ > 0)
    if (const Candidate* found = find_prefix(request)) return found;
  if (const Candidate* found = first_that_holds(everything_, request)) return found;
  return first_that_holds(regular_expressions_, request);
}

const Candidate* PathIndex::find_prefix(const Request& request) const {
  const std::string_view path = request.path;
  std::size_t end = 0;  // Of as many segments as the deepest prefix has, or of the path.
  for (std::uint32_t depth = 0; depth < deepest_ && end < path.size(); ++depth)
    end = std::min(path.find('/', end + 1), path.size());

  while (end > 0 && end != std::string_view::npos) {
    const std::string_view prefix = path.substr(0, end);
    if (const Candidate* found = look_up(prefixes_, prefix, request)) return found;
    end = prefix.rfind('/');
  }
  return nullptr;
}

const Candidate* PathIndex::look_up(const TextMap<Bucket>& map, std::string_view path,
                                    const Request& request) {
  const auto at = map.find(path);
  return at == map.end() ? nullptr : first_that_holds(at->second, request);
}

const Candidate* PathIndex::first_that_holds(const Bucket& bucket, const Request& request) {
  for (const Candidate& candidate : bucket)
    if (candidate.match->holds(request)) return &candidate;
  return nullptr;
}

}  // namespace skiff
