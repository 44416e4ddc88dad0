// What a hostile or broken client gets: one answer that says no, the end of its connection, and
// nothing that anybody else notices.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/test_client.h"

namespace doorbuster::http {
namespace {

using namespace std::string_literals;

struct Row {
  const char* name;
  std::string bytes;
  const char* statuses;  // of all answers, in order; the connection ends after the last
};

const std::string kStart = "POST / HTTP/1.1\r\nHost: a\r\n";
const std::string kChunked = kStart + "Transfer-Encoding: chunked\r\n\r\n";
const std::string kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

std::string with_field(const std::string& field) { return kStart + field + "\r\n\r\n"; }
std::string with_line(const std::string& line) { return line + "\r\nHost: a\r\n\r\n"; }

std::vector<Row> framing_rows() {
  return {
      {"length_and_coding",
       with_field("Content-Length: 6\r\nTransfer-Encoding: chunked") + "0\r\n\r\nG", "400"},
      {"coding_and_length",
       with_field("Transfer-Encoding: chunked\r\nContent-Length: 6") + "0\r\n\r\nG", "400"},
      {"zero_length_and_coding",
       with_field("Content-Length: 0\r\nTransfer-Encoding: chunked") + kSmuggled, "400"},
      {"two_lengths_that_differ",
       with_field("Content-Length: 5\r\nContent-Length: 6") + "hello" + kSmuggled, "400"},
      {"two_lengths_that_agree", with_field("Content-Length: 5\r\nContent-Length: 5") + "hello",
       "400"},
      {"a_list_of_lengths", with_field("Content-Length: 5, 5") + "hello", "400"},
      {"a_length_and_a_comma", with_field("Content-Length: 5,") + "hello", "400"},
      {"length_with_plus", with_field("Content-Length: +5") + "hello", "400"},
      {"length_with_minus", with_field("Content-Length: -5") + "hello", "400"},
      {"length_in_hexadecimal", with_field("Content-Length: 0x5") + "hello", "400"},
      {"length_with_space_inside", with_field("Content-Length: 5 5") + "hello", "400"},
      {"length_with_fraction", with_field("Content-Length: 5.0") + "hello", "400"},
      {"length_empty", with_field("Content-Length:"), "400"},
      {"length_of_letters", with_field("Content-Length: five") + "hello", "400"},
      {"length_quoted", with_field("Content-Length: \"5\"") + "hello", "400"},
      {"length_overflows", with_field("Content-Length: 18446744073709551621") + "hello", "400"},
      {"length_overflows_far", with_field("Content-Length: " + std::string(200, '9')), "400"},
      {"length_with_nul", with_field("Content-Length: 5\0"s) + "hello", "400"},
      {"length_in_the_name", with_field("Content-Length : 5") + "hello", "400"},
      {"coding_in_the_name", with_field("Transfer-Encoding : chunked") + "0\r\n\r\n", "400"},
      {"unknown_coding", with_field("Transfer-Encoding: gzip"), "400"},
      {"unknown_coding_then_chunked", with_field("Transfer-Encoding: gzip, chunked"), "400"},
      {"chunked_then_unknown", with_field("Transfer-Encoding: chunked, gzip"), "400"},
      {"identity", with_field("Transfer-Encoding: identity"), "400"},
      {"nearly_chunked", with_field("Transfer-Encoding: xchunked") + kSmuggled, "400"},
      {"nearly_chunked_too", with_field("Transfer-Encoding: chunke") + kSmuggled, "400"},
      {"chunked_twice_in_a_list", with_field("Transfer-Encoding: chunked, chunked"), "400"},
      {"chunked_twice_in_two_fields",
       with_field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), "400"},
      {"chunked_and_identity_fields",
       with_field("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), "400"},
      {"coding_empty", with_field("Transfer-Encoding:"), "400"},
      {"coding_with_parameter", with_field("Transfer-Encoding: chunked;q=1"), "400"},
      {"coding_quoted", with_field("Transfer-Encoding: \"chunked\""), "400"},
      {"coding_with_leading_comma", with_field("Transfer-Encoding: ,chunked"), "400"},
      {"coding_with_vertical_tab",
       with_field("Transfer-Encoding: \x0b"
                  "chunked"),
       "400"},
      {"coding_folded", with_field("Transfer-Encoding:\r\n chunked"), "400"},
      {"coding_in_http10",
       "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
  };
}

std::vector<Row> chunk_rows() {
  return {
      {"chunk_size_of_no_digit", kChunked + "x\r\n", "400"},
      {"chunk_size_empty", kChunked + "\r\n\r\n", "400"},
      {"chunk_size_with_prefix", kChunked + "0x5\r\nhello\r\n0\r\n\r\n", "400"},
      {"chunk_size_negative", kChunked + "-5\r\nhello\r\n0\r\n\r\n", "400"},
      {"chunk_size_with_plus", kChunked + "+5\r\nhello\r\n0\r\n\r\n", "400"},
      {"chunk_size_after_space", kChunked + " 5\r\nhello\r\n0\r\n\r\n", "400"},
      {"chunk_size_before_space", kChunked + "5 \r\nhello\r\n0\r\n\r\n", "400"},
      {"chunk_size_overflows", kChunked + "10000000000000005\r\nhello\r\n0\r\n\r\n", "400"},
      {"chunk_size_beyond_the_limit", kChunked + "fffffffffffffff\r\nhello", "413"},
      {"chunk_longer_than_its_size", kChunked + "5\r\nhello!\r\n0\r\n\r\n", "400"},
      {"chunk_without_its_crlf", kChunked + "5\r\nhello0\r\n\r\n", "400"},
      {"chunk_line_of_lf", kChunked + "5\nhello\r\n0\r\n\r\n", "400"},
      {"chunk_line_of_cr", kChunked + "5\rhello\r\n0\r\n\r\n", "400"},
      {"chunk_extension_of_lf", kChunked + "5;a\nhello\r\n0\r\n\r\n", "400"},
      {"chunk_extension_with_quoted_lf", kChunked + "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", "400"},
      {"chunk_extension_with_open_quote", kChunked + "5;a=\"b\r\n", "400"},
      {"chunk_extension_without_name", kChunked + "5;\r\nhello\r\n0\r\n\r\n", "400"},
      {"chunk_extension_long", kChunked + "5;" + std::string(300, 'a') + "\r\nhello\r\n", "400"},
      {"chunk_extension_without_end", kChunked + "5;" + std::string(9000, 'a'), "400"},
      {"chunk_sizes_of_zeros_without_end", kChunked + std::string(9000, '0'), "400"},
      {"trailer_without_end", kChunked + "0\r\na: " + std::string(9000, 'a'), "400"},
      {"trailer_that_frames", kChunked + "0\r\nContent-Length: 5\r\n\r\n", "400"},
      {"trailer_without_name", kChunked + "0\r\n: a\r\n\r\n", "400"},
  };
}

std::vector<Row> line_rows() {
  return {
      {"request_line_of_lf", "GET / HTTP/1.1\nHost: a\r\n\r\n", "400"},
      {"field_line_of_lf", "GET / HTTP/1.1\r\nHost: a\n\r\n", "400"},
      {"head_of_lf", "GET / HTTP/1.1\nHost: a\n\n", "400"},
      {"end_of_lf", "GET / HTTP/1.1\r\nHost: a\r\n\n", "400"},
      {"request_line_of_cr", "GET / HTTP/1.1\rHost: a\r\n\r\n", "400"},
      {"field_line_of_cr", "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", "400"},
      {"cr_in_a_value", with_field("X: a\rb"), "400"},
      {"cr_twice", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", "400"},
      {"folded_value", with_field("X: a\r\n b"), "400"},
      {"folded_by_tab", with_field("X: a\r\n\tb"), "400"},
      {"space_before_the_first_field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"},
      {"space_before_colon", with_field("X : a"), "400"},
      {"tab_before_colon", with_field("X\t: a"), "400"},
      {"name_empty", with_field(": a"), "400"},
      {"name_with_space", with_field("X Y: a"), "400"},
      {"name_with_parenthesis", with_field("X(: a"), "400"},
      {"name_not_ascii", with_field("X\xc3\xa9: a"), "400"},
      {"name_with_nul", with_field("X\0: a"s), "400"},
      {"no_colon", with_field("X"), "400"},
      {"nul_in_a_value", with_field("X: a\0b"s), "400"},
      {"bell_in_a_value", with_field("X: a\ab"), "400"},
      {"delete_in_a_value", with_field("X: a\x7f"), "400"},
      {"connection_of_no_tokens", with_field("Connection: @"), "400"},
      {"method_with_parenthesis", with_line("G(T / HTTP/1.1"), "400"},
      {"method_missing", with_line(" / HTTP/1.1"), "400"},
      {"target_missing", with_line("GET HTTP/1.1"), "400"},
      {"version_missing", with_line("GET /"), "400"},
      {"three_spaces", with_line("GET / x HTTP/1.1"), "400"},
      {"two_spaces_together", with_line("GET  / HTTP/1.1"), "400"},
      {"tabs_for_spaces", with_line("GET\t/\tHTTP/1.1"), "400"},
      {"space_at_the_end", with_line("GET / HTTP/1.1 "), "400"},
      {"version_in_lower_case", with_line("GET / http/1.1"), "400"},
      {"version_of_another_protocol", with_line("GET / HTTPS/1.1"), "400"},
      {"version_long", with_line("GET / HTTP/1.10"), "400"},
      {"version_12", with_line("GET / HTTP/1.2"), "400"},
      {"version_20", with_line("GET / HTTP/2.0"), "400"},
      {"version_09", with_line("GET / HTTP/0.9"), "400"},
      {"http2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
      {"tls_hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "400"},
      {"empty_lines", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"empty_line_of_lf", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
  };
}

std::vector<Row> target_rows() {
  return {
      {"target_absolute", with_line("GET http://a/ HTTP/1.1"), "400"},
      {"target_of_authority", with_line("CONNECT a:80 HTTP/1.1"), "400"},
      {"target_relative", with_line("GET goods HTTP/1.1"), "400"},
      {"target_star", with_line("GET * HTTP/1.1"), "400"},
      {"target_with_fragment", with_line("GET /#a HTTP/1.1"), "400"},
      {"target_not_ascii", with_line("GET /\xc3\xa9 HTTP/1.1"), "400"},
      {"target_with_nul", with_line("GET /\0 HTTP/1.1"s), "400"},
      {"target_with_delete", with_line("GET /\x7f HTTP/1.1"), "400"},
      {"target_too_long", with_line("GET /" + std::string(9000, 'a') + " HTTP/1.1"), "414"},
      {"target_without_end", "GET /" + std::string(9000, 'a'), "414"},
      {"head_too_large", with_field("X: " + std::string(17'000, 'a')), "431"},
      {"head_without_end", kStart + "X: " + std::string(17'000, 'a'), "431"},
      {"fields_too_many",
       [] {
         auto bytes = kStart;
         for (int n = 0; n < 200; ++n) bytes += "X: a\r\n";
         return bytes + "\r\n";
       }(),
       "431"},
      {"host_missing", "GET / HTTP/1.1\r\n\r\n", "400"},
      {"host_twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"host_twice_the_same", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"},
      {"host_twice_in_http10", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"host_empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "400"},
      {"host_with_space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400"},
      {"host_with_slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"},
      {"host_with_user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "400"},
      {"host_with_comma_and_space", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "400"},
      {"host_with_port_of_letters", "GET / HTTP/1.1\r\nHost: a:http\r\n\r\n", "400"},
      {"host_with_open_bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "400"},
      {"host_with_broken_escape", "GET / HTTP/1.1\r\nHost: a%2\r\n\r\n", "400"},
      {"expectation_unknown", with_field("Expect: 200-ok"), "417"},
      {"body_too_large", with_field("Content-Length: 5000") + "begin", "413"},
      {"body_too_large_by_far", with_field("Content-Length: 10737418240") + "begin", "413"},
      {"body_too_large_though_awaited", with_field("Expect: 100-continue\r\nContent-Length: 5000"),
       "413"},
  };
}

std::vector<Row> pipelined_rows() {
  return {
      {"after_a_good_one", get("/one") + "BAD\r\n\r\n", "200 400"},
      {"after_three_good_ones", get("/1") + get("/2") + post("/3", "x") + "GET / HTTP/3.0\r\n\r\n",
       "200 200 200 400"},
      {"good_ones_behind_it", with_field("Content-Length: a") + kSmuggled + kSmuggled, "400"},
      {"behind_a_body_too_short", post("/", "hell") + "o\r\n\r\n" + kSmuggled, "200 400"},
      {"behind_the_last_chunk", kChunked + "0\r\n\r\n" + "x\n", "200 400"},
      {"behind_connection_close", get("/", "Connection: close\r\n") + kSmuggled, "200"},
      {"behind_http10", "GET / HTTP/1.0\r\n\r\n" + kSmuggled, "200"},
  };
}

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (auto& part : {framing_rows(), chunk_rows(), line_rows(), target_rows(), pipelined_rows()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

std::string statuses_until_end(Client& client) {
  std::string statuses;
  for (auto answer = client.answer(); answer.status != 0; answer = client.answer()) {
    if (!statuses.empty()) statuses += ' ';
    statuses += std::to_string(answer.status);
    if (answer.status >= 400) {
      EXPECT_EQ(answer.field("Connection"), "close");
      EXPECT_EQ(answer.body, "refused");
    }
  }
  EXPECT_FALSE(client.ended_by_reset());
  return statuses;
}

class Malformed : public testing::TestWithParam<bool> {};

TEST_P(Malformed, IsRefusedOnceAndEndsItsConnectionAndNoOther) {
  FunctionHandler handler;
  RunningServer running(handler);
  Client bystander(running.endpoint);
  const auto rows = all_rows();
  EXPECT_GE(rows.size(), 100U);
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    // Whatever is undecided on purpose ends with the row's last byte; no row waits for a time
    // limit.
    Client client(running.endpoint);
    if (GetParam()) {
      client.send_apart(row.bytes);
    } else {
      client.send(row.bytes);
    }
    EXPECT_EQ(statuses_until_end(client), row.statuses);
    bystander.send(get("/well"));
    EXPECT_EQ(bystander.answer().body, "/well|");
  }
}

INSTANTIATE_TEST_SUITE_P(Sent, Malformed, testing::Values(false, true), [](const auto& instance) {
  return std::string(instance.param ? "ByteByByte" : "AtOnce");
});

TEST(Unusual, RequestsThatAreRightAreAnswered) {
  FunctionHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"\r\n\r\n" + get("/a"), "/a|"},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*|"},
      {"GET /%E4%B8%AD?q=%2F HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "/%E4%B8%AD?q=%2F|"},
      {"get / HTTP/1.1\r\nHOST:a.example:65535\r\n\r\n", "/|"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \xe4\xb8\xad\t \r\n\r\n", "/|"},
      {kStart + "Content-Length: 005\r\n\r\nhello", "/|hello"},
      {kStart + "Content-Length:\t5 \r\n\r\nhello", "/|hello"},
      {kStart + "TRANSFER-ENCODING: ChUnKeD\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "/|hello"},
      {kChunked + "2;a=b;c=\"d\"\r\nhe\r\n0003\r\nllo\r\n00\r\nX-Sum: 1\r\n\r\n", "/|hello"},
      {kChunked + "0\r\n\r\n", "/|"},
      {"!#$%&'*+-.^_`|~ / HTTP/1.1\r\nHost: a\r\n\r\n", "/|"},
  };
  for (const auto& [bytes, body] : rows) {
    client.send(bytes);
    EXPECT_EQ(client.answer().body, body) << bytes;
    client.send_apart(bytes);
    EXPECT_EQ(client.answer().body, body) << bytes;
  }
  client.send(rows[0].first + rows[7].first + rows[8].first + rows[0].first);
  for (const auto* body : {"/a|", "/|hello", "/|hello", "/a|"})
    EXPECT_EQ(client.answer().body, body);
}

}  // namespace
}  // namespace doorbuster::http
