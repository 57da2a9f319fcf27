#include "sidecar/observe/access_log_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/log.h"
#include "tests/support/temporary_folder.h"

namespace skiff {
namespace {

using testing::HasSubstr;

std::string content_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    close_reader();
    ::close(ends[1]);
  }
  void close_reader() {
    if (ends[0] >= 0) ::close(ends[0]);
    ends[0] = -1;
  }
  std::string read_some() {
    std::string some(100'000, '\0');
    const ssize_t size = ::read(ends[0], some.data(), some.size());
    some.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return some;
  }

  int ends[2] = {-1, -1};
};

class AccessLogWriterTest : public testing::Test {
 protected:
  std::string file() const { return folder_.path() + "/access.log"; }
  std::unique_ptr<AccessLogWriter> open_file() const {
    auto opened = AccessLogWriter::open(file());
    EXPECT_TRUE(opened) << opened.error();
    return std::move(*opened);
  }

  test::TemporaryFolder folder_;
  LineBuffer one_{1 << 20};
  LineBuffer two_{1 << 20};
};

TEST_F(AccessLogWriterTest, AppendsTheLinesOfAllWorkersToItsFile) {
  folder_.write("access.log", "before\n");
  const auto writer = open_file();
  writer->add(one_);
  writer->add(two_);
  one_.push("one\n");
  two_.push("two\n");
  EXPECT_TRUE(writer->flush());
  EXPECT_EQ(content_of(file()), "before\none\ntwo\n");
}

TEST_F(AccessLogWriterTest, MakesItsFileForItsOwnerAndGroupOnly) {
  open_file();
  struct stat about {};
  ASSERT_EQ(::stat(file().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0137u, 0u);
}

TEST_F(AccessLogWriterTest, GoesOnInANewFileWhenTheOldOneWasMovedAway) {
  const auto writer = open_file();
  writer->add(one_);
  one_.push("one\n");
  writer->flush();
  std::filesystem::rename(file(), file() + ".1");
  EXPECT_EQ(writer->reopen(), "");
  one_.push("two\n");
  writer->flush();
  EXPECT_EQ(content_of(file() + ".1"), "one\n");
  EXPECT_EQ(content_of(file()), "two\n");
}

TEST_F(AccessLogWriterTest, KeepsTheOldFileWhereTheNewOneCannotBeMade) {
  const auto writer = open_file();
  writer->add(one_);
  std::filesystem::rename(file(), file() + ".1");
  std::filesystem::create_directory(file());
  EXPECT_THAT(writer->reopen(), HasSubstr("access.log: Is a directory"));
  one_.push("one\n");
  EXPECT_TRUE(writer->flush());
  EXPECT_EQ(content_of(file() + ".1"), "one\n");
}

TEST_F(AccessLogWriterTest, SaysWhyAFileCannotBeOpened) {
  const auto missing = AccessLogWriter::open(folder_.path() + "/no/access.log");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error(), HasSubstr("No such file or directory"));

  const std::string fifo = folder_.path() + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(AccessLogWriter::open(fifo)) << "does not wait for a reader";
}

TEST_F(AccessLogWriterTest, KnowsStdoutAndStderr) {
  EXPECT_TRUE(AccessLogWriter::open("stdout"));
  const auto writer = AccessLogWriter::open("stderr");
  ASSERT_TRUE(writer);
  EXPECT_EQ((*writer)->reopen(), "");
}

TEST_F(AccessLogWriterTest, NeverWaitsForAReaderAndMixesNoLines) {
  Pipe pipe;
  AccessLogWriter writer(pipe.ends[1]);
  writer.add(one_);
  writer.add(two_);
  const std::string first(99, 'a');
  const std::string second(99, 'b');
  for (int i = 0; i < 1000; ++i) {
    one_.push(first + "\n");
    two_.push(second + "\n");
  }
  EXPECT_FALSE(writer.flush()) << "a pipe holds 64 KiB";
  std::string all;
  while (!writer.flush()) all += pipe.read_some();
  while (all.size() < 200'000) all += pipe.read_some();

  EXPECT_EQ(all.size(), 200'000u);
  for (std::size_t at = 0; at < all.size(); at += 100) {
    const std::string line = all.substr(at, 99);
    ASSERT_TRUE(line == first || line == second) << line;
    ASSERT_EQ(all[at + 99], '\n');
  }
}

TEST_F(AccessLogWriterTest, GivesUpWaitingAtTheEnd) {
  Pipe pipe;
  AccessLogWriter writer(pipe.ends[1]);
  writer.add(one_);
  one_.push(std::string(200'000, 'x') + "\n");
  EXPECT_FALSE(writer.flush_for(Milliseconds(2)));
}

TEST_F(AccessLogWriterTest, CountsLinesThatNobodyCanReadAnyMore) {
  const auto former = std::signal(SIGPIPE, SIG_IGN);
  log::set_level(log::Level::off);
  Pipe pipe;
  AccessLogWriter writer(pipe.ends[1]);
  writer.add(one_);
  one_.push("one\n");
  one_.push("two\n");
  pipe.close_reader();
  EXPECT_TRUE(writer.flush()) << "keeps nothing";
  EXPECT_EQ(writer.failed_lines().get(), 2u);
  log::set_level(log::Level::info);
  std::signal(SIGPIPE, former);
}

}  // namespace
}  // namespace skiff
