#include "tests/support/http1_laws.h"

#include <algorithm>
#include <functional>
#include <span>

#include "tests/support/http1_oracle.h"

namespace skiff {
namespace {

using Read = std::function<ReadMessage(std::string_view bytes, std::span<const std::size_t> cuts)>;

// An HTTP/1.0 request without Host goes on as HTTP/1.1 with an empty one, which we would refuse.
bool may_be_read_again(const ReadMessage& message) {
  return message.end == ReadMessage::End::whole &&
         message.head.find("\r\nHost: \r\n") == std::string::npos;
}

std::string broken_law(std::string_view bytes, std::size_t cut, const Read& read) {
  const ReadMessage whole = read(bytes, {});
  const std::size_t at = std::min(cut, bytes.size());
  if (!(read(bytes, {&at, 1}) == whole)) return "read otherwise when cut";
  if (!may_be_read_again(whole)) return {};
  const ReadMessage again = read(rewritten(whole), {});
  if (again.end != ReadMessage::End::whole) return "refused when read again";
  const bool same =
      again.head == whole.head && again.body == whole.body && again.trailers == whole.trailers;
  return same ? "" : "read otherwise when written anew";
}

}  // namespace

std::string broken_law_of_request(std::string_view bytes, std::size_t cut) {
  const std::string broken =
      broken_law(bytes, cut, [](std::string_view part, std::span<const std::size_t> cuts) {
        return read_request(part, cuts);
      });
  return broken.empty() ? difference_to_beast_request(bytes) : broken;
}

std::string broken_law_of_response(std::string_view bytes, std::string_view asked,
                                   std::size_t cut) {
  const std::string broken =
      broken_law(bytes, cut, [asked](std::string_view part, std::span<const std::size_t> cuts) {
        return read_response(part, asked, cuts);
      });
  return broken.empty() ? difference_to_beast_response(bytes, asked) : broken;
}

}  // namespace skiff
