#include "cli/breaker.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <sstream>
#include <string>
#include <thread>

#include "base/admin_server.h"

namespace skiff {
namespace {

// A sidecar's admin server that says what it was asked.
class BreakerCli : public testing::Test {
 protected:
  BreakerCli() {
    const auto echo = [this](const AdminRequest& request) {
      return admin_text(std::string(request.method) +
                            " as=" + request.parameter("as").value_or("json") + " " +
                            request.parameter("target").value_or("-") + " " +
                            request.parameter("mode").value_or("-") + "\n",
                        status_);
    };
    table_.add_page("/breakers", "", echo);
    table_.add_change("/breakers", "", echo);
    server_ = std::move(*make_admin_server(io_, {}, table_));
    order_.admin = "127.0.0.1:" + std::to_string(server_->port());
    thread_ = std::thread([this] { io_.run(); });
  }
  ~BreakerCli() override {
    io_.stop();
    thread_.join();
  }

  boost::asio::io_context io_;
  AdminTable table_;
  unsigned status_ = 200;
  std::unique_ptr<AdminServer> server_;
  std::thread thread_;
  BreakerOrder order_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(BreakerCli, ListsForPeopleAndForPrograms) {
  EXPECT_EQ(list_breakers(order_, out_, err_), ExitCode::ok);
  order_.json = true;
  EXPECT_EQ(list_breakers(order_, out_, err_), ExitCode::ok);
  EXPECT_EQ(out_.str(), "GET as=table - -\nGET as=json - -\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(BreakerCli, SetsAModeWhateverIsInTheName) {
  order_.target = "application:127.0.0.1:80 &x=%";
  order_.mode = "FORCED_OPEN";
  EXPECT_EQ(set_breaker(order_, out_, err_), ExitCode::ok);
  EXPECT_EQ(out_.str(), "POST as=table application:127.0.0.1:80 &x=% FORCED_OPEN\n");
}

TEST_F(BreakerCli, EndsWith64ForWhatTheSidecarDoesNotKnow) {
  status_ = 404;
  EXPECT_EQ(set_breaker(order_, out_, err_), ExitCode::usage);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "skiff: POST as=table  \n");
  status_ = 403;
  EXPECT_EQ(set_breaker(order_, out_, err_), ExitCode::failure);
}

}  // namespace
}  // namespace skiff
