#include "sample-services/common/fields.h"

#include <gtest/gtest.h>

namespace skiff::shop {
namespace {

struct Fields : testing::Test {
  FieldReader read(std::string_view text) {
    object = *parse_object(text);
    error.reset();
    return FieldReader(object, error);
  }
  std::string message() const { return error ? error->message : ""; }
  std::string field() const { return error ? error->field : ""; }

  json::object object;
  std::optional<FieldError> error;
};

TEST_F(Fields, AreReadByType) {
  FieldReader body = read(R"({"id": 7, "name": "Ada", "price": 1.5, "n": [1, 2]})");
  EXPECT_EQ(body.integer("id"), 7);
  EXPECT_EQ(body.text("name"), "Ada");
  EXPECT_EQ(body.money("price"), Money{150});
  EXPECT_EQ(body.integers("n", 2), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(message(), "");
}

TEST_F(Fields, NameWhatIsMissing) {
  read("{}").integer("quantity");
  EXPECT_EQ(message(), "field 'quantity' is missing");
  EXPECT_EQ(field(), "quantity");
}

TEST_F(Fields, NameWhatHasTheWrongType) {
  read(R"({"quantity": "2"})").integer("quantity");
  EXPECT_EQ(message(), "field 'quantity' must be an integer");
  read(R"({"quantity": 2.0})").integer("quantity");
  EXPECT_EQ(message(), "field 'quantity' must be an integer");
  read(R"({"quantity": 18446744073709551615})").integer("quantity");
  EXPECT_EQ(message(), "field 'quantity' must be an integer");
  read(R"({"name": 1})").text("name");
  EXPECT_EQ(message(), "field 'name' must be a string");
  read(R"({"items": {}})").objects("items", 3);
  EXPECT_EQ(message(), "field 'items' must be an array");
  read(R"({"n": ["1"]})").integers("n", 3);
  EXPECT_EQ(message(), "field 'n[0]' must be an integer");
}

TEST_F(Fields, NameWhatIsOutOfRange) {
  EXPECT_EQ(read(R"({"id": 0})").integer("id", positive), 1);
  EXPECT_EQ(message(), "field 'id' must be at least 1");
  read(R"({"id": 11})").integer("id", {1, 10});
  EXPECT_EQ(message(), "field 'id' must be from 1 to 10");
  read(R"({"name": ""})").text("name");
  EXPECT_EQ(message(), "field 'name' must have 1 to 200 bytes");
  read(R"({"items": []})").objects("items", 3);
  EXPECT_EQ(message(), "field 'items' must have 1 to 3 elements");
  read(R"({"price": 1.005})").money("price");
  EXPECT_EQ(field(), "price");
}

TEST_F(Fields, NameThePathWithinArrays) {
  FieldReader body = read(R"({"items": [{"quantity": 1}, {}]})");
  for (FieldReader& item : body.objects("items", 10)) item.integer("quantity");
  EXPECT_EQ(field(), "items[1].quantity");
}

TEST_F(Fields, NameAnElementThatIsNoObject) {
  EXPECT_TRUE(read(R"({"items": [{}, 3]})").objects("items", 10).empty());
  EXPECT_EQ(message(), "field 'items[1]' must be an object");
}

TEST_F(Fields, KeepTheFirstError) {
  FieldReader body = read("{}");
  body.integer("first");
  body.text("second");
  EXPECT_EQ(field(), "first");
}

TEST_F(Fields, MayBeLeftOutOrNullWhereThereIsADefault) {
  FieldReader body = read(R"({"usePoint": null})");
  EXPECT_EQ(body.integer_or("usePoint", 5), 5);
  EXPECT_EQ(body.text_or("email", "none"), "none");
  EXPECT_EQ(message(), "");
  read(R"({"usePoint": -1})").integer_or("usePoint", 0, {0, 9});
  EXPECT_EQ(field(), "usePoint") << "a default excuses nothing that is there";
}

}  // namespace
}  // namespace skiff::shop
