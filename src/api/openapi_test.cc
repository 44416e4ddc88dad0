// The document that the server serves against what the server does: its routes, its problems, their
// words.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "api/asset.h"
#include "api/json.h"
#include "api/problem.h"
#include "api/route.h"

namespace doorbuster::api {
namespace {

class OpenApi : public testing::Test {
 protected:
  void SetUp() override { ASSERT_FALSE(json_.parse(kOpenApiDocument.text)); }

  const JsonNode* member(const JsonNode* parent, std::string_view name) const {
    const JsonNode* found = nullptr;
    if (parent == nullptr) return nullptr;
    json_.for_each_child(*parent, [&](const JsonNode& child) {
      if (child.name == name) found = &child;
    });
    return found;
  }

  // The node at the end of a way of members; null where there is none.
  const JsonNode* at(std::initializer_list<std::string_view> way) const {
    const JsonNode* node = &json_.root();
    for (const std::string_view name : way) node = member(node, name);
    return node;
  }

  template <typename Visit>
  void for_each_operation(Visit visit) const {
    json_.for_each_child(*at({"paths"}), [&](const JsonNode& path) {
      json_.for_each_child(path, [&](const JsonNode& operation) {
        if (operation.kind == JsonKind::object) visit(path.name, operation);
      });
    });
  }

  std::string scope_of(const JsonNode& operation) const {
    std::string scope;
    json_.for_each_child(*member(&operation, "security"), [&](const JsonNode& way) {
      if (const JsonNode* scopes = member(&way, "bearerKey")) {
        json_.for_each_child(*scopes, [&](const JsonNode& each) { scope = each.text; });
        if (scope.empty()) scope = "any";
      }
    });
    return scope;
  }

  bool takes_buyers(const JsonNode& operation) const {
    bool takes = false;
    json_.for_each_child(*member(&operation, "security"), [&](const JsonNode& way) {
      takes = takes || member(&way, "buyerId") != nullptr;
    });
    return takes;
  }

  JsonDocument json_;
};

std::string member_of(http::Method method) {
  switch (method) {
    case http::Method::get:
      return "get";
    case http::Method::post:
      return "post";
    case http::Method::put:
      return "put";
    case http::Method::patch:
      return "patch";
    case http::Method::delete_:
      return "delete";
    case http::Method::head:
    case http::Method::options:
    case http::Method::other:
      break;
  }
  return "?";
}

// Which key opens a route, and whether a buyer may come in too.
std::pair<std::string, bool> credentials_of(Who who) {
  switch (who) {
    case Who::anyone:
      return {"", false};
    case Who::buyer:
      return {"", true};
    case Who::buyer_or_claims_read:
      return {"claims:read", true};
    case Who::buyer_or_claims_write:
      return {"claims:write", true};
    case Who::sales_read:
      return {"sales:read", false};
    case Who::sales_write:
      return {"sales:write", false};
    case Who::claims_read:
      return {"claims:read", false};
    case Who::claims_write:
      return {"claims:write", false};
    case Who::events_read:
      return {"events:read", false};
    case Who::any_key:
      return {"any", false};
    case Who::own_page:
      return {"", false};
  }
  return {};
}

TEST_F(OpenApi, NamesEveryRouteAndNothingElse) {
  std::set<std::string> routes;
  for (const Route& route : api_routes()) {
    routes.insert(member_of(route.method) + " " + std::string(route.path));
  }
  std::set<std::string> operations;
  for_each_operation([&](std::string_view path, const JsonNode& operation) {
    operations.insert(std::string(operation.name) + " " + std::string(path));
  });
  EXPECT_EQ(operations, routes);
}

TEST_F(OpenApi, SaysOfEveryRouteWhoMayUseIt) {
  for (const Route& route : api_routes()) {
    const JsonNode* operation = at({"paths", route.path, member_of(route.method)});
    ASSERT_NE(operation, nullptr) << route.path;
    const auto [scope, buyers] = credentials_of(route.who);
    EXPECT_EQ(scope_of(*operation), scope) << operation->name << " " << route.path;
    EXPECT_EQ(takes_buyers(*operation), buyers) << operation->name << " " << route.path;
  }
}

TEST_F(OpenApi, HasASchemaForEveryProblemWithItsOwnWords) {
  std::set<std::string> known;
  json_.for_each_child(*at({"components", "schemas"}), [&](const JsonNode& schema) {
    const JsonNode* code = member(member(member(&schema, "properties"), "code"), "const");
    if (code == nullptr) return;
    const auto named = problem_named(code->text);
    ASSERT_TRUE(named) << code->text << " is no problem";
    EXPECT_TRUE(known.insert(std::string(code->text)).second) << code->text << " has two schemas";
    const ProblemText& text = text_of(*named);
    const JsonNode* status = member(member(member(&schema, "properties"), "status"), "const");
    ASSERT_NE(status, nullptr) << code->text;
    EXPECT_EQ(status->integer, text.status) << code->text;
    json_.for_each_child(*member(&schema, "examples"), [&](const JsonNode& example) {
      EXPECT_EQ(member(&example, "title")->text, text.title.english) << code->text;
      EXPECT_EQ(member(&example, "detail")->text, text.detail.english) << code->text;
      EXPECT_EQ(member(&example, "status")->integer, text.status) << code->text;
    });
  });
  EXPECT_EQ(known.size(), kProblemCodes);
}

TEST_F(OpenApi, NamesThePageOfEveryProblem) {
  std::set<std::string> pages;
  const JsonNode* codes = at({"components", "parameters", "code", "schema", "enum"});
  ASSERT_NE(codes, nullptr);
  json_.for_each_child(*codes, [&](const JsonNode& code) { pages.emplace(code.text); });
  EXPECT_EQ(pages.size(), kProblemCodes);
  for (std::size_t i = 0; i < kProblemCodes; ++i) {
    EXPECT_EQ(pages.count(std::string(text_of(static_cast<ProblemCode>(i)).name)), 1U);
  }
}

}  // namespace
}  // namespace doorbuster::api
