#include "tests/simulation/scenario.h"

#include <cmath>
#include <cstdlib>
#include <random>
#include <sstream>

namespace skiff {
namespace {

std::vector<std::uint64_t> draw_seeds() {
  std::vector<std::uint64_t> seeds;
  if (const char* const said = std::getenv("SKIFF_SEEDS")) {
    std::istringstream words(said);
    for (std::uint64_t seed = 0; words >> seed;) seeds.push_back(seed);
    return seeds;
  }
  seeds = {1, 2, 42};
  std::random_device device;
  while (seeds.size() < 5) seeds.push_back(1'000 + device() % 1'000'000);
  return seeds;
}

}  // namespace

const std::vector<std::uint64_t>& seeds() {
  static const std::vector<std::uint64_t> drawn = draw_seeds();
  return drawn;
}

std::uint64_t handled_by_all(SimService& service) {
  std::uint64_t sum = 0;
  for (const auto& instance : service.instances()) sum += instance->handled();
  return sum;
}

double share_of(SimService& service, std::size_t index) {
  return static_cast<double>(service.instance(index).handled()) /
         static_cast<double>(handled_by_all(service));
}

SimServiceSpec thousand_a_second() {
  return {.name = "product", .work = Spread::exponential(20ms), .concurrency = 20};
}

void note_figure(const char* name, double value) {
  std::ostringstream text;
  text << std::round(value * 10'000) / 10'000;
  testing::Test::RecordProperty(name, text.str());
}

}  // namespace skiff
