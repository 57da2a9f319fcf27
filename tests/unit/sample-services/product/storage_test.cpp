#include "sample-services/product/storage.h"

#include <gtest/gtest.h>

namespace skiff::shop {
namespace {

using Kind = StockFailure::Kind;

struct ProductStorageTest : testing::Test {
  ProductStorageTest() {
    keyboard = storage->add("Keyboard", {4'990}, 10).id;
    mouse = storage->add("Mouse", {1'999}, 5).id;
  }

  StockChange sale(std::int64_t keyboards, std::int64_t mice, std::string key = "") const {
    return {StockChange::Kind::sell, {{keyboard, keyboards}, {mouse, mice}}, std::move(key)};
  }
  std::int64_t stock(std::int64_t id) { return storage->find(id)->stock; }

  std::unique_ptr<ProductStorage> storage = open_product_storage(":memory:");
  std::int64_t keyboard = 0;
  std::int64_t mouse = 0;
};

TEST_F(ProductStorageTest, SellsABatch) {
  const auto sold = storage->change_stock(sale(2, 3));
  ASSERT_TRUE(sold);
  ASSERT_EQ(sold->size(), 2U);
  EXPECT_EQ((*sold)[0].stock, 8);
  EXPECT_EQ((*sold)[1].sold, 3);
}

TEST_F(ProductStorageTest, SellsAllOrNothing) {
  const auto sold = storage->change_stock(sale(2, 6));
  ASSERT_FALSE(sold);
  EXPECT_EQ(sold.error().kind, Kind::insufficient_stock);
  EXPECT_EQ(sold.error().product_id, mouse);
  EXPECT_EQ(sold.error().stock, 5);
  EXPECT_EQ(stock(keyboard), 10);
}

TEST_F(ProductStorageTest, CountsTheSameProductTwiceInABatch) {
  const StockChange twice{StockChange::Kind::sell, {{mouse, 3}, {mouse, 3}}, ""};
  EXPECT_EQ(storage->change_stock(twice).error().stock, 2);
  EXPECT_EQ(stock(mouse), 5);
}

TEST_F(ProductStorageTest, KnowsItsProducts) {
  const auto sold = storage->change_stock({StockChange::Kind::sell, {{99, 1}}, ""});
  EXPECT_EQ(sold.error().kind, Kind::unknown_product);
  EXPECT_EQ(sold.error().product_id, 99);
}

TEST_F(ProductStorageTest, DoesTheSameKeyOnce) {
  EXPECT_TRUE(storage->change_stock(sale(1, 1, "k")));
  EXPECT_TRUE(storage->change_stock(sale(1, 1, "k")));
  EXPECT_EQ(stock(keyboard), 9);
  EXPECT_EQ(storage->change_stock(sale(2, 1, "k")).error().kind, Kind::key_reused);
}

TEST_F(ProductStorageTest, KeepsAKeyFreeWhenItsChangeWasRefused) {
  EXPECT_FALSE(storage->change_stock(sale(11, 1, "k")));
  EXPECT_TRUE(storage->change_stock({StockChange::Kind::restock, {{keyboard, 1}}, ""}));
  EXPECT_TRUE(storage->change_stock(sale(11, 1, "k")));
}

TEST_F(ProductStorageTest, TakesBackASaleOnce) {
  EXPECT_TRUE(storage->change_stock(sale(2, 3, "k")));
  EXPECT_TRUE(storage->take_back("k"));
  EXPECT_TRUE(storage->take_back("k"));
  EXPECT_EQ(stock(keyboard), 10);
  EXPECT_EQ(storage->find(keyboard)->sold, 0);
  EXPECT_EQ(stock(mouse), 5);
}

TEST_F(ProductStorageTest, RefusesWhatWasTakenBackBeforeItCame) {
  EXPECT_TRUE(storage->take_back("k"));
  EXPECT_EQ(storage->change_stock(sale(1, 1, "k")).error().kind, Kind::key_reversed);
  EXPECT_EQ(stock(keyboard), 10);
}

TEST_F(ProductStorageTest, DoesNotTakeBackStockThatIsSold) {
  EXPECT_TRUE(storage->change_stock({StockChange::Kind::restock, {{mouse, 5}}, "k"}));
  EXPECT_TRUE(storage->change_stock(sale(1, 8)));
  EXPECT_EQ(storage->take_back("k").error().kind, Kind::insufficient_stock);
  EXPECT_EQ(stock(mouse), 2);
}

TEST_F(ProductStorageTest, RanksByWhatWasSold) {
  EXPECT_TRUE(storage->change_stock(sale(1, 4)));
  const auto ranking = storage->ranking(10);
  ASSERT_EQ(ranking.size(), 2U);
  EXPECT_EQ(ranking[0].name, "Mouse");
  EXPECT_EQ(storage->ranking(1).size(), 1U);
}

}  // namespace
}  // namespace skiff::shop
