#include "sidecar/route/stream_index.h"

#include <gtest/gtest.h>

#include "sidecar/route/route_table.h"

namespace skiff {
namespace {

Request bytes(std::string_view scheme, std::string_view server = {}) {
  Request request;
  request.version = Version::bytes;
  request.scheme = scheme;
  request.authority = server;
  return request;
}

TEST(StreamIndex, FindsByTheServerThatTlsNamesTheMostSpecificFirst) {
  const RouteRule exact, wild, any, rest;
  StreamIndex index;
  index.add_bytes(&rest);
  index.add_tls("", &any);
  index.add_tls("*.example.com", &wild);
  index.add_tls("a.example.com", &exact);
  EXPECT_EQ(index.find(bytes("tls", "a.example.com")), &exact);
  EXPECT_EQ(index.find(bytes("tls", "b.example.com")), &wild);
  EXPECT_EQ(index.find(bytes("tls", "example.com")), &any);
  EXPECT_EQ(index.find(bytes("tls")), &any) << "it names none";
  EXPECT_EQ(index.find(bytes("http", "a.example.com")), &rest) << "not TLS";
}

TEST(StreamIndex, WhatNoServerNameFitsIsBytesLikeOthers) {
  const RouteRule exact, rest;
  StreamIndex index;
  EXPECT_EQ(index.find(bytes("tls", "a.example.com")), nullptr);
  index.add_tls("a.example.com", &exact);
  EXPECT_EQ(index.find(bytes("tls", "b.example.com")), nullptr);
  index.add_bytes(&rest);
  EXPECT_EQ(index.find(bytes("tls", "b.example.com")), &rest);
}

TEST(StreamIndex, TheFirstToComeStays) {
  const RouteRule first, second;
  StreamIndex index;
  index.add_bytes(&first);
  index.add_bytes(&second);
  index.add_tls("a", &first);
  index.add_tls("a", &second);
  EXPECT_EQ(index.find(bytes("")), &first);
  EXPECT_EQ(index.find(bytes("tls", "a")), &first);
}

}  // namespace
}  // namespace skiff
