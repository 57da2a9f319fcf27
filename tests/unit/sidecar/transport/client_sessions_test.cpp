#include "sidecar/transport/client_sessions.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(ClientSessions, GivesEachOnce) {
  ClientSessions sessions;
  EXPECT_EQ(sessions.take("a").session, nullptr);
  sessions.keep("a", {SslSessionPtr(SSL_SESSION_new())});
  SSL_SESSION* const newest = SSL_SESSION_new();
  sessions.keep("a", {SslSessionPtr(newest)});
  EXPECT_EQ(sessions.size(), 1u);
  EXPECT_EQ(sessions.take("a").session.get(), newest);
  EXPECT_EQ(sessions.take("a").session, nullptr);
}

TEST(ClientSessions, HasALimit) {
  ClientSessions sessions;
  for (std::size_t i = 0; i < ClientSessions::most + 50; ++i) {
    sessions.keep(std::to_string(i), {SslSessionPtr(SSL_SESSION_new())});
    EXPECT_LE(sessions.size(), ClientSessions::most);
  }
}

}  // namespace
}  // namespace skiff
