#include "cli/bench/answer_scanner.h"

#include <gtest/gtest.h>

#include <string>

namespace doorbuster::bench {
namespace {

const std::string kGranted =
    "HTTP/1.1 201 Created\r\nDate: Wed, 25 Nov 2026 23:00:00 GMT\r\nContent-Type: "
    "application/json\r\ncontent-length: 7\r\nSale-Sequence: 3\r\n\r\n{\"a\":1}";

TEST(ScanAnswer, FindsStatusBodyAndEnd) {
  Answer answer;
  const std::string two = kGranted + "HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n";
  ASSERT_EQ(scan_answer(two, answer), Scan::whole);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "{\"a\":1}");
  EXPECT_EQ(answer.used, kGranted.size());
  EXPECT_FALSE(answer.closes);
  ASSERT_EQ(scan_answer(std::string_view(two).substr(answer.used), answer), Scan::whole);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.body, "");
}

TEST(ScanAnswer, WaitsForTheRestWhereverItIsCut) {
  Answer answer;
  for (std::size_t size = 0; size < kGranted.size(); ++size) {
    EXPECT_EQ(scan_answer(std::string_view(kGranted).substr(0, size), answer), Scan::partial);
  }
}

TEST(ScanAnswer, ReadsWhenToComeBackAndThatTheConnectionEnds) {
  Answer answer;
  ASSERT_EQ(
      scan_answer("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: Close\r\n"
                  "Content-Length: 0\r\n\r\n",
                  answer),
      Scan::whole);
  EXPECT_EQ(answer.retry_after_seconds, 2U);
  EXPECT_TRUE(answer.closes);
}

TEST(ScanAnswer, LeavesOutInterimAnswers) {
  Answer answer;
  ASSERT_EQ(scan_answer("HTTP/1.1 100 Continue\r\n\r\n" + kGranted, answer), Scan::whole);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.used, 25 + kGranted.size());
}

TEST(ScanAnswer, RefusesWhatItDoesNotUnderstand) {
  Answer answer;
  for (const char* bytes : {"SSH-2.0-OpenSSH\r\n", "HTTP/1.1 xxx\r\n\r\n",
                            "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                            "HTTP/1.1 99 Early\r\nContent-Length: 0\r\n\r\n"}) {
    EXPECT_EQ(scan_answer(bytes, answer), Scan::malformed) << bytes;
  }
}

TEST(ScanClaim, ReadsTheMembersThatCount) {
  ClaimMembers claim;
  ASSERT_TRUE(scan_claim(R"({"id":"clm_1","sale":"s","buyer":"b","quantity":2,"units":[417,418],)"
                         R"("status":"held","sequence":4,"expires_at":null})",
                         claim));
  EXPECT_EQ(claim.id, "clm_1");
  EXPECT_EQ(claim.buyer, "b");
  EXPECT_EQ(claim.units, "417,418");
  EXPECT_EQ(claim.status, "held");
  EXPECT_EQ(claim.code, "");
}

TEST(ScanClaim, ReadsTheCodeOfAProblemAndNothingDeeper) {
  ClaimMembers problem;
  ASSERT_TRUE(scan_claim(
      R"( { "title" : "a \"}\\" , "claims":[{"id":"x","code":"]"}] ,"code":"sold-out"})", problem));
  EXPECT_EQ(problem.code, "sold-out");
  EXPECT_EQ(problem.id, "");
}

TEST(ScanClaim, SaysWhatIsNoObject) {
  ClaimMembers claim;
  for (const char* json : {"", "[]", "nginx", "{\"id\"", "{\"id\":\"x", "{\"a\":[1,2",
                           "{\"a\":1 \"b\":2}", "{\"a\":\"\\\"}"}) {
    EXPECT_FALSE(scan_claim(json, claim)) << json;
  }
}

}  // namespace
}  // namespace doorbuster::bench
