#pragma once

#include <optional>
#include <string_view>

#include "sidecar/http/exchange.h"
#include "sidecar/policy/answer_store.h"

namespace skiff {

// Which answers may be kept for when a target fails, and given to others who ask the same.
// Source: RFC 9111, 3 and 4.2.4, as a shared cache that can validate nothing.

// Whether a request may be answered by what was kept: a GET or a HEAD of HTTP, without an upgrade.
bool may_be_answered(const Exchange& exchange);

// Under which an answer to this request is kept, in the arena; `by_encoding`: an answer that varies
// with Accept-Encoding.
std::string_view store_key(Exchange& exchange, bool by_encoding);

struct Keeping {
  bool by_encoding = false;
  Duration age{};  // That the answer has already.
};

// How an answer is to be kept; nothing where it must not be: other than 200 to a GET; no-store,
// private, no-cache, must-revalidate or the like; one for whoever showed a credential, unless it
// says `public`; one that sets a cookie, or varies with more than Accept-Encoding; one that is
// degraded itself.
std::optional<Keeping> keeping_of(const Exchange& exchange, const Response& response);

// Lets the answer's body pass to the client, and keeps a copy of the whole in `store` when it has
// ended; lets go of what is longer than `most`. Within Reply::answered(), before it is passed on.
// `store` outlives the exchange.
void keep_answer(Exchange& exchange, const Response& response, const Keeping& keeping,
                 std::size_t most, AnswerStore& store, const Clock& clock);

// Makes the head of what was kept, with Age. Texts go to the arena.
void restore_head(const AnswerStore::Found& found, Arena& arena, Response& response);

}  // namespace skiff
