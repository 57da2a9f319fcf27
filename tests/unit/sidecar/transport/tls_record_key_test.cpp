#include "sidecar/transport/tls_record_key.h"

#include <gtest/gtest.h>

#include <charconv>
#include <numeric>
#include <string>

#include "sidecar/transport/tls_record_counter.h"

namespace skiff {
namespace {

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    unsigned value = 0;
    std::from_chars(&digits[at], &digits[at] + 2, value, 16);
    bytes.push_back(static_cast<char>(value));
  }
  return bytes;
}

TlsSecret secret_of(std::string_view digits) {
  TlsSecret secret;
  const std::string bytes = from_hex(digits);
  std::copy(bytes.begin(), bytes.end(), secret.bytes.begin());
  secret.size = bytes.size();
  return secret;
}

// RFC 8448, 3: the client's application traffic secret, and what it sends with it.
const TlsSecret client_secret =
    secret_of("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5");
const std::string first_record = from_hex(
    "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e"
    "2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4");
const std::string second_record = from_hex("1703030013c9872760655666b74d7ff1153efd6db6d0b0e3");

class TlsRecordKeyTest : public testing::Test {
 protected:
  std::string seal(TlsRecordKey& key, TlsContent content, std::string_view text) {
    // In two pieces, the first of one byte.
    const iovec pieces[] = {{const_cast<char*>(text.data()), 1},
                            {const_cast<char*>(text.data()) + 1, text.size() - 1}};
    std::string to(text.size() + TlsRecordKey::overhead, '\0');
    to.resize(key.seal(content, pieces, to.data()));
    return to;
  }

  TlsRecordKey make(bool to_seal, std::uint64_t sequence = 0) {
    return {EVP_aes_128_gcm(), EVP_sha256(), client_secret, sequence, to_seal};
  }

  std::string plain_ = std::string(50, '\0');
  std::string to_ = std::string(20000, '\0');
};

TEST_F(TlsRecordKeyTest, SealsAsTheRfcDoes) {
  std::iota(plain_.begin(), plain_.end(), '\0');
  TlsRecordKey key = make(true);
  EXPECT_EQ(seal(key, TlsContent::data, plain_), first_record);
  EXPECT_EQ(seal(key, TlsContent::alert, std::string("\1\0", 2)), second_record);
  EXPECT_EQ(key.sequence(), 2u);
}

TEST_F(TlsRecordKeyTest, OpensWhatTheRfcSealed) {
  std::iota(plain_.begin(), plain_.end(), '\0');
  TlsRecordKey key = make(false);
  const auto first = key.open(first_record, to_.data());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->content, 23);
  EXPECT_EQ(to_.substr(0, first->size), plain_);
  const auto second = key.open(second_record, to_.data());
  ASSERT_TRUE(second);
  EXPECT_EQ(second->content, 21);
  EXPECT_EQ(to_.substr(0, second->size), std::string("\1\0", 2));
}

TEST_F(TlsRecordKeyTest, OpensInOrderOnly) {
  TlsRecordKey key = make(false);
  EXPECT_FALSE(key.open(second_record, to_.data()));
  TlsRecordKey later = make(false, 1);
  EXPECT_TRUE(later.open(second_record, to_.data()));
}

TEST_F(TlsRecordKeyTest, OpensNothingThatWasChanged) {
  for (std::size_t at = 0; at < first_record.size(); ++at) {
    TlsRecordKey key = make(false);
    std::string changed = first_record;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(key.open(changed, to_.data())) << at;
  }
  for (std::size_t size = 0; size < first_record.size(); ++size) {
    TlsRecordKey key = make(false);
    EXPECT_FALSE(key.open(first_record.substr(0, size), to_.data())) << size;
  }
}

TEST_F(TlsRecordKeyTest, TakesPaddingAwayAndWantsAType) {
  TlsRecordKey seals = make(true);
  TlsRecordKey opens = make(false);
  // The type that seal() writes is the last byte: a zero there makes the one before it the type.
  const std::string padded = std::string("hello\x17") + std::string(100, '\0');
  const auto opened = opens.open(seal(seals, static_cast<TlsContent>(0), padded), to_.data());
  ASSERT_TRUE(opened);
  EXPECT_EQ(to_.substr(0, opened->size), "hello");
  EXPECT_EQ(opened->content, 23);
  EXPECT_FALSE(
      opens.open(seal(seals, static_cast<TlsContent>(0), std::string(10, '\0')), to_.data()));
}

TEST_F(TlsRecordKeyTest, RenewsBothSidesAlike) {
  TlsRecordKey seals = make(true, 77);
  TlsRecordKey opens = make(false, 5);
  seals.renew();
  EXPECT_EQ(seals.sequence(), 0u);
  const std::string record = seal(seals, TlsContent::data, "with new keys");
  EXPECT_FALSE(make(false).open(record, to_.data()));
  opens.renew();
  const auto opened = opens.open(record, to_.data());
  ASSERT_TRUE(opened);
  EXPECT_EQ(to_.substr(0, opened->size), "with new keys");
}

TEST_F(TlsRecordKeyTest, KnowsEachCipher) {
  for (const auto& [cipher, digest] : {std::pair{EVP_aes_256_gcm(), EVP_sha384()},
                                       std::pair{EVP_chacha20_poly1305(), EVP_sha256()}}) {
    TlsSecret secret;
    secret.size = static_cast<std::size_t>(EVP_MD_get_size(digest));
    TlsRecordKey seals(cipher, digest, secret, 0, true);
    TlsRecordKey opens(cipher, digest, secret, 0, false);
    const std::string text(16384, 'x');
    const auto opened = opens.open(seal(seals, TlsContent::data, text), to_.data());
    ASSERT_TRUE(opened);
    EXPECT_EQ(to_.substr(0, opened->size), text);
  }
}

TEST(TlsRecordCounter, CountsInAnyPieces) {
  const std::string bytes = first_record + second_record + first_record;
  for (const std::size_t step : {1, 2, 7, 72, 1000}) {
    TlsRecordCounter counter;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      counter.see(std::string_view(bytes).substr(at, step));
    }
    EXPECT_EQ(counter.count(), 3u) << step;
    EXPECT_TRUE(counter.is_between_records());
    counter.see("\x17");
    EXPECT_FALSE(counter.is_between_records());
  }
}

}  // namespace
}  // namespace skiff
