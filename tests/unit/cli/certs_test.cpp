#include "cli/certs.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "sidecar/transport/tls.h"
#include "tests/support/temporary_folder.h"

namespace skiff {
namespace {

constexpr std::int64_t new_year = 1767225600;

class Certs : public testing::Test {
 protected:
  ExitCode create(std::vector<std::string> services) {
    out_.str("");
    err_.str("");
    order_.services = std::move(services);
    return create_certs(order_, now_, out_, err_);
  }

  std::string path(const std::string& name) const { return folder_.path() + "/c/" + name; }
  std::string text(const std::string& name) const {
    std::ifstream in(path(name));
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  int mode(const std::string& name) const {
    struct stat status {};
    return ::stat(path(name).c_str(), &status) == 0 ? static_cast<int>(status.st_mode & 0777) : -1;
  }

  const test::TemporaryFolder folder_;
  CertsOrder order_{.folder = folder_.path() + "/c",
                    .trust_domain = "shop.local",
                    .authority = "test",
                    .services = {}};
  std::int64_t now_ = new_year;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(Certs, MakesWhatASidecarTakes) {
  ASSERT_EQ(create({"order", "user.shop"}), ExitCode::ok) << err_.str();
  EXPECT_EQ(out_.str(), path("ca.pem") + "  spiffe://shop.local\n" + path("order.default.pem") +
                            "  spiffe://shop.local/ns/default/sa/order\n" + path("user.shop.pem") +
                            "  spiffe://shop.local/ns/shop/sa/user\n");
  const TlsMaterial material{.certificate = text("user.shop.pem"),
                             .key = text("user.shop.key"),
                             .bundles = {{"shop.local", text("ca.pem")}}};
  const auto info = check_material(material, now_);
  ASSERT_TRUE(info) << info.error();
  EXPECT_EQ(info->identity, "spiffe://shop.local/ns/shop/sa/user");
  EXPECT_EQ(info->not_after, now_ + 24 * 3600);
  EXPECT_EQ(mode("ca.key"), 0600);
  EXPECT_EQ(mode("user.shop.key"), 0600);
  EXPECT_EQ(mode("ca.pem"), 0644);
}

TEST_F(Certs, KeepsTheAuthority) {
  ASSERT_EQ(create({"order"}), ExitCode::ok);
  const std::string authority = text("ca.pem");
  order_.trust_domain.clear();
  ASSERT_EQ(create({"user"}), ExitCode::ok) << err_.str();
  EXPECT_EQ(text("ca.pem"), authority);
  EXPECT_EQ(out_.str(), path("user.default.pem") + "  spiffe://shop.local/ns/default/sa/user\n");

  order_.trust_domain = "other.local";
  EXPECT_EQ(create({"cart"}), ExitCode::bad_input);
  EXPECT_EQ(err_.str(),
            "skiff: " + path("ca.pem") + ": is of shop.local, and not of other.local\n");
}

TEST_F(Certs, OverwritesOnlyByForce) {
  ASSERT_EQ(create({"order"}), ExitCode::ok);
  const std::string before = text("order.default.pem");
  EXPECT_EQ(create({"user", "order"}), ExitCode::failure);
  EXPECT_EQ(err_.str(),
            "skiff: " + path("order.default.pem") + ": exists; --force overwrites it\n");
  EXPECT_EQ(text("order.default.pem"), before);
  EXPECT_EQ(text("user.default.pem"), "") << "nothing is made where not all can be";
  order_.force = true;
  EXPECT_EQ(create({"order"}), ExitCode::ok);
  EXPECT_NE(text("order.default.pem"), before);
}

TEST_F(Certs, SaysWhatIsWrong) {
  order_.trust_domain = "Shop";
  EXPECT_EQ(create({}), ExitCode::usage);
  EXPECT_TRUE(err_.str().starts_with("skiff: --trust-domain: expected ")) << err_.str();
  order_.trust_domain = "";
  EXPECT_EQ(create({}), ExitCode::usage);
  EXPECT_EQ(err_.str(),
            "skiff: " + order_.folder + " has no authority yet: say its --trust-domain\n");
  order_.trust_domain = "shop.local";
  for (const char* name : {"../x", "a/b", "A", "a.b.c", ""}) {
    EXPECT_EQ(create({name}), ExitCode::usage) << name;
  }
  order_.valid = std::chrono::hours(24 * 366);
  EXPECT_EQ(create({"a"}), ExitCode::usage);
  EXPECT_EQ(text("ca.pem"), "");
}

TEST_F(Certs, WantsAWholeAuthority) {
  ASSERT_EQ(create({"order"}), ExitCode::ok);
  const std::string authority = text("ca.pem");
  std::filesystem::remove(path("ca.key"));
  EXPECT_EQ(create({"a"}), ExitCode::bad_input);
  EXPECT_NE(err_.str().find("has ca.pem without ca.key"), std::string::npos) << err_.str();
  folder_.write("c/ca.key", text("order.default.key"));
  EXPECT_EQ(create({"a"}), ExitCode::bad_input);
  EXPECT_EQ(err_.str(), "skiff: " + path("ca.pem") + ": does not belong to ca.key\n");
  folder_.write("c/ca.pem", text("order.default.pem"));
  EXPECT_EQ(create({"a"}), ExitCode::bad_input);
  EXPECT_EQ(err_.str(), "skiff: " + path("ca.pem") + ": is no authority's\n");
}

TEST_F(Certs, RefusesAnAuthorityThatHasExpired) {
  ASSERT_EQ(create({}), ExitCode::ok);
  now_ += 366 * 24 * 3600;
  EXPECT_EQ(create({"a"}), ExitCode::bad_input);
  EXPECT_EQ(err_.str(), "skiff: " + path("ca.pem") + ": expired at 2027-01-01T00:00:00Z\n");
}

TEST_F(Certs, Shows) {
  ASSERT_EQ(create({"order"}), ExitCode::ok);
  std::ostringstream shown;
  EXPECT_EQ(show_certs({path("order.default.pem")}, now_, shown, err_), ExitCode::ok);
  EXPECT_TRUE(shown.str().starts_with(
      "spiffe://shop.local/ns/default/sa/order\n  subject   CN=order\n  issuer    CN=test\n"
      "  validity  2025-12-31T23:59:00Z to 2026-01-02T00:00:00Z: valid\n  serial    "))
      << shown.str();
  shown.str("");
  EXPECT_EQ(show_certs({path("ca.pem"), path("order.default.pem")}, now_ + 90000, shown, err_),
            ExitCode::ok);
  EXPECT_NE(shown.str().find("spiffe://shop.local  (an authority)"), std::string::npos);
  EXPECT_NE(shown.str().find("2026-01-02T00:00:00Z: expired"), std::string::npos);

  EXPECT_EQ(show_certs({path("order.default.key"), path("none.pem")}, now_, shown, err_),
            ExitCode::bad_input);
  EXPECT_EQ(err_.str(), "skiff: " + path("order.default.key") +
                            ": block 1 is a PRIVATE KEY, not a certificate\nskiff: " +
                            path("none.pem") + ": cannot be read: No such file or directory\n");
}

}  // namespace
}  // namespace skiff
