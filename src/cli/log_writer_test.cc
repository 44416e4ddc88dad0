#include "cli/log_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <thread>

#include "base/check.h"

namespace doorbuster::cli {
namespace {

using namespace std::chrono_literals;

// Two connected ends: a pipe, or a stream socket as systemd's journal has.
class Ends : public testing::TestWithParam<bool> {
 protected:
  Ends() {
    std::signal(SIGPIPE, SIG_IGN);
    if (GetParam()) {
      CHECK(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) == 0);
    } else {
      CHECK(::pipe(ends_.data()) == 0);
    }
  }
  ~Ends() override {
    close_reader();
    ::close(ends_[1]);
  }

  int writer() const { return ends_[1]; }
  void close_reader() {
    if (ends_[0] >= 0) ::close(ends_[0]);
    ends_[0] = -1;
  }
  std::string read(std::size_t size) const {
    std::string text;
    while (text.size() < size) {
      std::array<char, 65536> some{};
      const ssize_t got = ::read(ends_[0], some.data(), std::min(some.size(), size - text.size()));
      CHECK(got > 0);
      text.append(some.data(), static_cast<std::size_t>(got));
    }
    return text;
  }
  // Until not a byte more goes in.
  std::size_t fill() const {
    const int flags = ::fcntl(writer(), F_GETFL);
    ::fcntl(writer(), F_SETFL, flags | O_NONBLOCK);
    std::size_t size = 0;
    for (ssize_t written = 0; (written = ::write(writer(), "xxxxxxxx", 8)) > 0;) {
      size += static_cast<std::size_t>(written);
    }
    ::fcntl(writer(), F_SETFL, flags);
    return size;
  }

 private:
  std::array<int, 2> ends_{};
};

INSTANTIATE_TEST_SUITE_P(LogWriter, Ends, testing::Bool(),
                         [](const auto& each) { return each.param ? "Socket" : "Pipe"; });

TEST_P(Ends, ALineLargerThanTheRoomArrivesWhole) {
  LogWriter writer(this->writer());
  const std::string line(1'000'000, 'a');
  std::thread thread([&] { EXPECT_TRUE(writer.write(line)); });
  EXPECT_EQ(read(line.size()), line);
  thread.join();
  EXPECT_EQ(writer.lost(), 0U);
}

TEST_P(Ends, WhoeverWaitsForAReaderIsReleasedByTheEnd) {
  LogWriter writer(this->writer());
  fill();
  std::thread thread([&] { EXPECT_FALSE(writer.write("never\n")); });
  writer.stop(1ms);
  thread.join();
  EXPECT_FALSE(writer.write("nor this\n"));
  EXPECT_EQ(writer.lost(), 2U);
}

TEST_P(Ends, AfterTheEndThereIsStillTimeForAReaderWhoReads) {
  LogWriter writer(this->writer());
  const std::size_t filled = fill();
  writer.stop(60s);
  std::thread thread([&] { EXPECT_TRUE(writer.write("last\n")); });
  EXPECT_EQ(read(filled + 5).substr(filled), "last\n");
  thread.join();
}

TEST_P(Ends, WhoHasGoneIsNotWaitedFor) {
  LogWriter writer(this->writer());
  close_reader();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(writer.write("line\n"));
  EXPECT_EQ(writer.lost(), 3U);
}

TEST_P(Ends, LastWordsWaitForNobody) {
  const std::size_t filled = fill();
  LogWriter::write_at_once(writer(), "unheard\n");
  EXPECT_EQ(read(filled).size(), filled);
  LogWriter::write_at_once(writer(), "heard\n");
  EXPECT_EQ(read(6), "heard\n");
  close_reader();
  LogWriter::write_at_once(writer(), "to nobody\n");
}

TEST(LogWriter, ADescriptorThatIsNoneLosesTheLine) {
  LogWriter writer(-1);
  writer.stop(0ms);
  EXPECT_FALSE(writer.write("line\n"));
  EXPECT_EQ(writer.lost(), 1U);
}

}  // namespace
}  // namespace doorbuster::cli
