#include "base/advice.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace firstseen {
namespace {

const Advice orders{.store = "/var/lib/firstseen/orders", .config = "/etc/firstseen/orders.yaml"};

TEST(Advice, NamesTheStoreOrTheConfigurationThatTheCommandNeeds) {
  EXPECT_EQ(orders.by_store("resume"), "firstseen resume --store /var/lib/firstseen/orders");
  EXPECT_EQ(orders.by_store("skip", "in 1 7"), "firstseen skip --store /var/lib/firstseen/orders in 1 7");
  EXPECT_EQ(orders.by_config("store prime"), "firstseen store prime --config /etc/firstseen/orders.yaml");
}

TEST(Advice, HoldsInAnyDirectory) {
  const std::string here = std::filesystem::current_path().native();
  EXPECT_EQ(Advice{.store = "./seen"}.by_store("status"), "firstseen status --store " + shell_word(here + "/seen"));
}

TEST(Advice, QuotesWhatAShellWouldTakeForSomethingElse) {
  EXPECT_EQ(Advice{.store = "/mnt/new disk/it's $HOME"}.by_store("status"),
            "firstseen status --store '/mnt/new disk/it'\\''s $HOME'");
  for (const char* text : {"", "a b", "a;b", "a*", "~a", "a\nb", "$a", "a\\b", "a=(b)", "#a", "{a,b}", "\xc3\xa9"}) {
    EXPECT_EQ(shell_word(text), shell_quoted(text)) << text;
  }
  for (const char* text : {"a", "/a-b/c_d.e", "a:1,b+c@d%"}) EXPECT_EQ(shell_word(text), text);
}

TEST(Advice, WithoutAPathIsTheCommandAlone) { EXPECT_EQ(Advice{}.by_store("skip", "in 0 1"), "firstseen skip in 0 1"); }

}  // namespace
}  // namespace firstseen
