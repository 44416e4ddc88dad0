#include "cli/settings_reader.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace doorbuster::cli {
namespace {

std::string flaw_of_sign(const std::string& sign) {
  return sign == "closed" ? "turns guests away" : "";
}

// A server of its own, with a setting of each kind.
struct Shop {
  bool open = false;
  std::uint64_t doors = 2;
  std::string name = "shop";
  TextList guests{};
  Secret pass_word{};
  std::string sign{};

  std::vector<Setting> settings() {
    return {
        {"open", &open, "Open it"},
        {"street.name", &name, "Its name", "TEXT"},
        {"street.front_doors", &doors, "Doors", "N", {2, 8, 2}},
        {"guests", &guests, "Who may come", "NAMES"},
        {"street.pass_word", &pass_word, "What guests say"},
        {"street.sign", &sign, "Above the door", "TEXT", {}, flaw_of_sign, Takes::a_restart, true}};
  }
};

class Settings : public testing::Test {
 protected:
  Settings() {
    std::string pattern = (std::filesystem::temp_directory_path() / "settings-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Settings() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  void read(const std::string& toml) { reader_.read_file(path_ = write("shop.toml", toml)); }
  void read_variables(const std::vector<std::string>& variables) {
    reader_.read_environment(variables, std::vector<std::string>{"DOORBUSTER_URL"});
  }
  void read_flags(const std::vector<GivenFlag>& flags) { reader_.read_flags(flags); }

  // The mistakes, a line each; the file's path as "F".
  std::string mistakes() const {
    std::string out;
    for (const SettingMistake& mistake : reader_.mistakes()) {
      std::string sentence = mistake.sentence();
      for (auto at = sentence.find(path_); !path_.empty() && at != std::string::npos;
           at = sentence.find(path_)) {
        sentence.replace(at, path_.size(), "F");
      }
      out += sentence + "\n";
    }
    return out;
  }

  std::string place(std::string_view setting) const { return reader_.origin_of(setting).place; }

  std::filesystem::path folder_;
  std::string path_;
  Shop shop_;
  SettingsReader reader_{shop_.settings()};
};

TEST_F(Settings, HaveOneNameInThreeSpellings) {
  const Setting doors = shop_.settings()[2];
  EXPECT_EQ(flag_of(doors), "--street.front-doors");
  EXPECT_EQ(variable_of(doors), "DOORBUSTER_STREET_FRONT_DOORS");
  EXPECT_EQ(section_of(doors.name), "street");
  EXPECT_EQ(key_of(doors.name), "front_doors");
  EXPECT_EQ(kind_of(doors), "a multiple of 2 from 2 to 8");
}

TEST_F(Settings, ComeFromTheStrongestPlaceThatHasThem) {
  read("guests = ['a', 'b']\n[street]\nname = 'file'\nfront_doors = 4\n");
  read_variables({"PATH=/bin", "DOORBUSTER_STREET_NAME=environment", "DOORBUSTER_OPEN=true"});
  read_flags({{"--street.name", {"flag"}}});
  EXPECT_EQ(mistakes(), "");
  EXPECT_EQ(shop_.name, "flag");
  EXPECT_EQ(shop_.doors, 4U);
  EXPECT_EQ(shop_.guests, (TextList{"a", "b"}));
  EXPECT_TRUE(shop_.open);
  EXPECT_EQ(place("street.name"), "--street.name");
  EXPECT_EQ(place("open"), "DOORBUSTER_OPEN");
  EXPECT_EQ(place("street.front_doors"), path_ + ":4:15");
  EXPECT_EQ(place("street.pass_word"), "default");
  EXPECT_EQ(reader_.settings()[1].fallback, SettingValue("shop"));
}

TEST_F(Settings, AreListsByRepeatedFlagsOrCommas) {
  read_variables({"DOORBUSTER_GUESTS=a,b"});
  EXPECT_EQ(shop_.guests, (TextList{"a", "b"}));
  read_flags({{"--guests", {"c,d", "e"}}});
  EXPECT_EQ(shop_.guests, (TextList{"c", "d", "e"}));
  read_flags({{"--guests", {""}}});
  EXPECT_EQ(shop_.guests, TextList{});
  read_flags({{"--guests", {"a,,b"}}});
  EXPECT_EQ(mistakes(), "--guests: one of them is empty\n");
}

TEST_F(Settings, ThatAreSecretMayStandInFiles) {
  const std::string secret = write("secret", "open sesame\n");
  read("[street]\npass_word_file = '" + secret + "'\n");
  EXPECT_EQ(shop_.pass_word.value, "open sesame");
  read_variables({"DOORBUSTER_STREET_PASS_WORD=abc"});
  EXPECT_EQ(shop_.pass_word.value, "abc");
  read_flags({{"--street.pass-word-file", {secret}}});
  EXPECT_EQ(shop_.pass_word.value, "open sesame");
  EXPECT_EQ(mistakes(), "");
  EXPECT_EQ(flag_of(shop_.settings()[4]), "--street.pass-word-file");
}

TEST_F(Settings, ThatAreSecretAreNeverShown) {
  EXPECT_EQ(shown(Secret{"hunter2"}), "(hidden)");
  read("[street]\npass_word = \"hunter2\\u0001\"\n");
  read_variables({"DOORBUSTER_STREET_PASS_WORD=hunter2\n"});
  EXPECT_EQ(mistakes(),
            "F:2:13: street.pass_word: holds what is no printable UTF-8\n"
            "DOORBUSTER_STREET_PASS_WORD: holds what is no printable UTF-8\n");
}

TEST_F(Settings, ThatAreSecretAreGivenOnceAtAPlace) {
  const std::string secret = write("secret", "x");
  read("[street]\npass_word = 'y'\npass_word_file = '" + secret + "'\n");
  read_variables({"DOORBUSTER_STREET_PASS_WORD=y", "DOORBUSTER_STREET_PASS_WORD_FILE=" + secret});
  EXPECT_EQ(mistakes(),
            "F:3:18: street.pass_word: is given twice: here and at F:2:13\n"
            "DOORBUSTER_STREET_PASS_WORD_FILE: is given twice: here and by "
            "DOORBUSTER_STREET_PASS_WORD\n");
}

TEST_F(Settings, ThatAreSecretNeedAFileThatCanBeRead) {
  const std::string empty = write("empty", "\n");
  const std::string large = write("large", std::string(100'000, 'a'));
  read_flags({{"--street.pass-word-file", {empty}}});
  read_flags({{"--street.pass-word-file", {large}}});
  read_variables({"DOORBUSTER_STREET_PASS_WORD_FILE=" + folder_.string() + "/none"});
  read_variables({"DOORBUSTER_STREET_PASS_WORD_FILE=" + folder_.string()});
  EXPECT_EQ(mistakes(),
            "--street.pass-word-file: is empty\n"
            "--street.pass-word-file: '" +
                large +
                "': is larger than 65536 bytes\n"
                "DOORBUSTER_STREET_PASS_WORD_FILE: '" +
                folder_.string() +
                "/none': No such file or directory\n"
                "DOORBUSTER_STREET_PASS_WORD_FILE: '" +
                folder_.string() + "': is no plain file\n");
  EXPECT_EQ(shop_.pass_word.value, "");
}

TEST_F(Settings, OfAFileAreJudgedOneByOneAndAllMistakesNamed) {
  read(
      "open = 'yes'\n"
      "name = 'n'\n"
      "guests = ['a', 1]\n"
      "\"street.name\" = 'n'\n"
      "[street]\n"
      "name = 1\n"
      "front-doors = 2\n"
      "front_doors = 3\n"
      "pass_word = true\n"
      "inner = {name = 'n'}\n"
      "[streat]\n"
      "name = 'n'\n"
      "doors = 1\n");
  EXPECT_EQ(mistakes(),
            "F:1:8: open: needs true or false, not a string\n"
            "F:2:1: name: there is no such setting; did you mean street.name?\n"
            "F:3:10: guests: needs a list of strings, not a list of other things than strings\n"
            "F:4:1: \"street.name\": there is no such setting; did you mean street.name?\n"
            "F:6:8: street.name: needs a string, not a whole number\n"
            "F:7:1: street.front-doors: there is no such setting; did you mean "
            "street.front_doors?\n"
            "F:8:15: street.front_doors: '3' is no multiple of 2 from 2 to 8\n"
            "F:9:13: street.pass_word: needs a string, not true or false\n"
            "F:10:1: there is no section [street.inner]\n"
            "F:11:2: there is no section [streat]; did you mean [street]?\n");
  EXPECT_EQ(shop_.name, "shop");  // nothing wrong is taken over
  EXPECT_EQ(shop_.doors, 2U);
}

TEST_F(Settings, OfAFileHaveTheirKindInIt) {
  read("street = 1\nopen = 1\n");
  read("[street]\nfront_doors = -2\n");
  read("[street]\nfront_doors = 2.0\nname = ''\n");
  read("guests = 'a'\nopen = 2026-01-01\n[[street]]\nname = 'n'\n");
  EXPECT_EQ(mistakes(),
            "F:1:1: street: is a section: its settings stand under [street]\n"
            "F:2:8: open: needs true or false, not a whole number\n"
            "F:2:15: street.front_doors: needs a multiple of 2 from 2 to 8, not -2\n"
            "F:2:15: street.front_doors: needs a multiple of 2 from 2 to 8, not a number with a "
            "fraction\n"
            "F:3:8: street.name: is empty\n"
            "F:1:10: guests: needs a list of strings, not a string\n"
            "F:2:8: open: needs true or false, not a date or time\n"
            "F:3:3: street: is a section: its settings stand under [street]\n");
}

TEST_F(Settings, MayBeEmptyWhereThatMeansNone) {
  read_variables({"DOORBUSTER_STREET_SIGN=open"});
  EXPECT_EQ(shop_.sign, "open");
  read_variables({"DOORBUSTER_STREET_SIGN=", "DOORBUSTER_STREET_NAME="});
  EXPECT_EQ(shop_.sign, "");
  read("[street]\nsign = 'closed'\n");
  EXPECT_EQ(mistakes(),
            "DOORBUSTER_STREET_NAME: is empty\n"
            "F:2:8: street.sign: turns guests away\n");
}

TEST_F(Settings, OfAFileThatIsNoTomlNameThePlace) {
  read("open = true\n[street\n");
  read("open = true\nopen = false\n");
  read("name = \"\xff\"\n");
  reader_.read_file(folder_.string() + "/none");
  reader_.read_file(folder_.string());
  const std::string large = write("large.toml", std::string((64 << 10) + 1, '\n'));
  reader_.read_file(large);
  std::string all = mistakes();
  EXPECT_EQ(all.rfind("F:2:8: ", 0), 0U) << all;
  EXPECT_NE(all.find("\nF:2:8: Error while parsing key-value pair: cannot redefine existing "
                     "boolean 'open'\n"),
            std::string::npos)
      << all;
  EXPECT_NE(all.find("\nF:1:8: "), std::string::npos) << all;
  EXPECT_NE(all.find("/none: No such file or directory\n"), std::string::npos) << all;
  EXPECT_NE(all.find(folder_.string() + ": is no plain file\n"), std::string::npos) << all;
  EXPECT_NE(all.find("large.toml: is larger than 65536 bytes\n"), std::string::npos) << all;
  EXPECT_FALSE(shop_.open);
}

TEST_F(Settings, OfAFileAreNotNestedWithoutEnd) {
  const auto dotted = [](int times) {
    std::string all = "a";
    for (int i = 0; i < times; ++i) all += ".a";
    return all;
  };
  read(dotted(990) + " = 1\n");
  read("[street." + dotted(990) + "]\nx = 1\n");
  read(dotted(30'000) + " = 1\n");
  read("guests = " + std::string(60'000, '[') + "\n");
  EXPECT_EQ(mistakes(),
            "F:1:1: there is no section [a]\n"
            "F:1:9: there is no section [street.a]; did you mean [street]?\n"
            "F: has too many sections within sections\n"
            "F:1:266: Error while parsing value: exceeded maximum nested value depth of 256 "
            "(TOML_MAX_NESTED_VALUES)\n");
}

TEST_F(Settings, OfAFileMayHavePointsInStringsAndComments) {
  const std::string points(5'000, '.');
  read("# '''" + points + "\nguests = ['" + points + "', \"\\\"" + points +
       "\", '''\n\\'a''']  # " + points + "\n[street]\nname = \"\"\"\\\n\"" + points + "\"\"\"\n");
  EXPECT_EQ(mistakes(), "");
  EXPECT_EQ(shop_.guests, (TextList{points, "\"" + points, "\\'a"}));
  EXPECT_EQ(shop_.name, "\"" + points);
}

TEST_F(Settings, OfTheEnvironmentAreKnownOrExcusedOrWrong) {
  read_variables({"DOORBUSTER_STREET_FRONT_DORS=4", "DOORBUSTER_ELSE=1", "DOORBUSTER_URL=x",
                  "DOORBUSTER_OPEN=on", "DOORBUSTER_STREET_FRONT_DOORS=two",
                  "DOORBUSTER_STREET_NAME=", "DOORBUSTER_STREET_NAME_FILE=x", "DOORBUSTERS=1",
                  // What Kubernetes adds for services "doorbuster" and "doorbuster-admin".
                  "DOORBUSTER_SERVICE_HOST=10.0.0.1", "DOORBUSTER_SERVICE_PORT_HTTP=80",
                  "DOORBUSTER_PORT=tcp://10.0.0.1:80", "DOORBUSTER_PORT_80_TCP_ADDR=10.0.0.1",
                  "DOORBUSTER_ADMIN_PORT=tcp://10.0.0.1:80"});
  EXPECT_EQ(mistakes(),
            "DOORBUSTER_ELSE: there is no such setting (`doorbuster config print` shows all)\n"
            "DOORBUSTER_OPEN: 'on' is neither true nor false\n"
            "DOORBUSTER_STREET_FRONT_DOORS: 'two' is no multiple of 2 from 2 to 8\n"
            "DOORBUSTER_STREET_FRONT_DORS: there is no such setting; did you mean "
            "DOORBUSTER_STREET_FRONT_DOORS?\n"
            "DOORBUSTER_STREET_NAME: is empty\n"
            "DOORBUSTER_STREET_NAME_FILE: there is no such setting; did you mean "
            "DOORBUSTER_STREET_NAME?\n");
}

TEST_F(Settings, GivenTwiceByFlagsAreRefused) {
  read_flags({{"--street.name", {"a", "b"}}, {"--open", {"true", "false"}}});
  EXPECT_EQ(mistakes(), "--street.name: is given 2 times\n");
  EXPECT_FALSE(shop_.open);
}

TEST_F(Settings, AreBlamedTogetherOnlyWhereEachIsRight) {
  read_variables({"DOORBUSTER_STREET_FRONT_DOORS=3"});
  reader_.blame("street.name", "too long for the doors",
                std::vector<std::string_view>{"street.front_doors"});
  EXPECT_EQ(reader_.mistakes().size(), 1U);
  reader_.blame("street.name", "too long", std::vector<std::string_view>{"street.name"});
  EXPECT_EQ(reader_.mistakes().back().sentence(), "default: too long");
}

TEST_F(Settings, AreShownAsToml) {
  EXPECT_EQ(shown(true), "true");
  EXPECT_EQ(shown(std::uint64_t{5}), "5");
  EXPECT_EQ(shown(std::string("a \"b\" \\ c")), R"("a \"b\" \\ c")");
  EXPECT_EQ(shown(TextList{"a", "b"}), R"(["a", "b"])");
  EXPECT_EQ(shown(TextList{}), "[]");
}

}  // namespace
}  // namespace doorbuster::cli
