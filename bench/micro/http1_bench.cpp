// How long parsing and writing the head of one message takes. Built with -DSKIFF_MICRO_BENCH=ON:
// build/release/bin/micro-http1.
#include <benchmark/benchmark.h>

#include <string_view>

#include "sidecar/codec/http1_encoder.h"
#include "sidecar/codec/http1_parser.h"

namespace skiff {
namespace {

constexpr std::string_view requests[] = {
    "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
    "GET /api/products/17?x=1 HTTP/1.1\r\nHost: product.shop\r\nUser-Agent: wrk/4.1\r\n"
    "Accept: */*\r\nConnection: keep-alive\r\nAccept-Encoding: gzip\r\nX-Tenant: 7\r\n\r\n",
    "POST /api/orders HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 512\r\n"
    "Content-Type: application/json\r\nAccept: application/json, text/plain, */*\r\n"
    "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36\r\nOrigin: https://shop.example\r\n"
    "Referer: https://shop.example/cart\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n"
    "Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n"
    "X-Request-Id: 0123456789abcdef0123456789abcdef\r\n"
    "traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01\r\n"
    "Connection: keep-alive\r\n\r\n",
};
constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 06:00:00 GMT\r\n"
    "Content-Type: application/json\r\nContent-Length: 1024\r\nConnection: keep-alive\r\n\r\n";

void parse_request_head(benchmark::State& state) {
  const std::string_view bytes = requests[state.range(0)];
  Arena arena;
  Request request;
  for (auto _ : state) {
    arena.reset();
    benchmark::DoNotOptimize(parse_request(bytes, {}, arena, request));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void write_request_head(benchmark::State& state) {
  Arena kept;
  Arena arena;
  Request request;
  parse_request(requests[state.range(0)], {}, kept, request);
  for (auto _ : state) {
    arena.reset();
    benchmark::DoNotOptimize(encode_request_head(request, arena));
  }
}

void parse_response_head(benchmark::State& state) {
  const Request request;
  Arena arena;
  Response response;
  for (auto _ : state) {
    arena.reset();
    benchmark::DoNotOptimize(parse_response(answer, {}, request, arena, response));
  }
}

void write_response_head(benchmark::State& state) {
  Arena arena;
  Response response;
  parse_response(answer, {}, Request(), arena, response);
  char to[1024];
  for (auto _ : state) {
    benchmark::DoNotOptimize(encode_response_head(response, {}, to));
    benchmark::ClobberMemory();
  }
}

BENCHMARK(parse_request_head)->DenseRange(0, 2);
BENCHMARK(write_request_head)->DenseRange(0, 2);
BENCHMARK(parse_response_head);
BENCHMARK(write_response_head);

}  // namespace
}  // namespace skiff

BENCHMARK_MAIN();
