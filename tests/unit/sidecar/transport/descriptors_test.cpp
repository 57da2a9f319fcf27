#include "sidecar/transport/descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace skiff {
namespace {

// Leaves the process's limit as it was.
class Descriptors : public testing::Test {
 protected:
  Descriptors() { ::getrlimit(RLIMIT_NOFILE, &before_); }
  ~Descriptors() override {
    ::setrlimit(RLIMIT_NOFILE, &before_);
    descriptor_limit();  // What is kept goes by it again.
  }

  void limit(rlim_t most) {
    const rlimit to{most, before_.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &to), 0);
  }
  rlim_t hard() const { return before_.rlim_max; }

 private:
  rlimit before_{};
};

TEST_F(Descriptors, AreRaisedAsFarAsTheProcessMay) {
  limit(200);
  EXPECT_EQ(descriptor_limit(), 200U);
  EXPECT_EQ(raise_descriptor_limit(), hard());
  EXPECT_EQ(descriptor_limit(), hard());
}

TEST_F(Descriptors, AreHalfForClientsOfWhatTheProcessDoesNotNeed) {
  EXPECT_EQ(descriptors_for_clients(256, 1), 88U);
  EXPECT_EQ(descriptors_for_clients(256, 2), 80U);
  EXPECT_EQ(descriptors_for_clients(20'080, 1), 10'000U);
}

TEST_F(Descriptors, AreOneForClientsWhereThereAreHardlyAny) {
  EXPECT_EQ(descriptors_for_clients(0, 1), 1U);
  EXPECT_EQ(descriptors_for_clients(81, 1), 1U);
}

TEST_F(Descriptors, AreKeptAtTheEnd) {
  limit(200);
  descriptor_limit();
  EXPECT_FALSE(is_kept_descriptor(0));
  EXPECT_FALSE(is_kept_descriptor(167));
  EXPECT_TRUE(is_kept_descriptor(168));
  EXPECT_TRUE(is_kept_descriptor(199));
}

TEST_F(Descriptors, AreKeptByTheLimitThatWasLastAskedFor) {
  descriptor_limit();
  limit(200);
  EXPECT_FALSE(is_kept_descriptor(168)) << "the kernel was asked";
  descriptor_limit();
  EXPECT_TRUE(is_kept_descriptor(168));
  raise_descriptor_limit();
  EXPECT_FALSE(is_kept_descriptor(168));
}

}  // namespace
}  // namespace skiff
