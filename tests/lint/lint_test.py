#!/usr/bin/env python3
"""Each defect that lint.py is there to find, planted in a small checkout and seen found; and beside it
the nearest thing that is allowed, seen passed."""
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import lint  # noqa: E402  (its folder is no package)

CLEAN = {
    "CMakeLists.txt": "add_subdirectory(src)\n",
    "src/CMakeLists.txt": "add_subdirectory(sale)  # add_subdirectory(gone)\n",
    "src/sale/CMakeLists.txt": "doorbuster_library(sale\n  SOURCES decide.cc)\n",
    "src/sale/decide.cc": '#include "sale/decide.h"\n\n#include <chrono>\n\n#include "base/time.h"\n',
    "src/sale/decide.h": "// What a sale answers.\n",
    "README.md": "# Doorbuster\n\n## Two commands\n\nSee [above](#two-commands), [code](src/sale/decide.h).\n",
}


class LintTest(unittest.TestCase):
    def breaches(self, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**CLEAN, **files}.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            tree = lint.Tree(root)
            return [f"{path}:{line}: {what}" for rule in lint.RULES for path, line, what in rule(tree)]

    def finds(self, files, *expected):
        found = self.breaches(files)
        self.assertEqual(len(found), len(expected), found)
        for breach, start in zip(found, expected):
            self.assertTrue(breach.startswith(start), f"{breach} does not start with {start}")

    def test_a_clean_tree_is_clean(self):
        self.finds({})

    def test_the_command_fails_on_a_breach_and_on_a_wrong_folder(self):
        def status(root):
            return subprocess.run([sys.executable, os.path.join(HERE, "lint.py"), root],
                                  capture_output=True, check=False).returncode
        with tempfile.TemporaryDirectory() as root:
            self.assertNotEqual(status(root), 0)
            with open(os.path.join(root, "CMakeLists.txt"), "w", encoding="utf-8") as file:
                file.write("\n")
            self.assertEqual(status(root), 0)
            with open(os.path.join(root, "README.md"), "w", encoding="utf-8") as file:
                file.write("[x](nowhere.md)\n")
            self.assertEqual(status(root), 1)

    def test_length(self):
        self.finds({"src/sale/decide.h": "//\n" * 700})
        self.finds({"src/sale/decide.h": "//\n" * 701}, "src/sale/decide.h:701: 701 lines")
        self.finds({"tests/long.py": "#\n" * 1000})
        self.finds({"tests/long.py": "#\n" * 1001}, "tests/long.py:1001: 1001 lines")

    def test_include_against_the_direction(self):
        self.finds({"src/sale/decide.h": '//\n#include "store/claim_store.h"\n'},
                   "src/sale/decide.h:2: sale must not see store")
        self.finds({"src/http/x.h": '#include "sale/types.h"\n'}, "src/http/x.h:1: http must not see sale")
        self.finds({"src/base/x.h": '  #  include "cli/config.h"\n'}, "src/base/x.h:1: base must not see cli")
        self.finds({"src/cli/x.h": '#include "api/routes.h"\n'})

    def test_the_two_engines_never_see_each_other(self):
        self.finds({"src/store/redis/x.h": '#include "store/embedded/engine.h"\n'},
                   "src/store/redis/x.h:1: store/redis/ must not see store/embedded/")
        self.finds({"src/store/embedded/x.h": '#include "store/claim_store.h"\n'})

    def test_an_include_that_is_no_path_from_src(self):
        self.finds({"src/sale/decide.h": '#include "types.h"\n'}, 'src/sale/decide.h:1: "types.h"')

    def test_tests_alone_see_the_folder_of_tests(self):
        world = {"tests/sim/world.h": "//\n",
                 "src/sale/CMakeLists.txt": "SOURCES decide.cc decide_test.cc"}
        self.finds({**world, "src/sale/decide_test.cc": '#include "sim/world.h"\n'})
        self.finds({**world, "src/sale/decide_test.cc": '#include "sim/gone.h"\n'},
                   'src/sale/decide_test.cc:1: "sim/gone.h"')
        self.finds({"tests/sim/world.h": "//\n", "src/sale/decide.h": '#include "sim/world.h"\n'},
                   'src/sale/decide.h:1: "sim/world.h"')

    def test_a_folder_without_a_place(self):
        self.finds({"src/utils/x.h": "//\n"}, "src/utils/x.h:1: src/utils has no place")

    def test_sale_is_pure(self):
        for header in ("<thread>", "<random>", "<iostream>", "<boost/json.hpp>", "<unistd.h>",
                       '"base/clock.h"', '"base/worker.h"'):
            self.finds({"src/sale/decide.cc": f"#include {header}\n"}, "src/sale/decide.cc:1: ")
        self.finds({"src/sale/decide.cc": "f();\nauto now = std::chrono::system_clock::now();\n"},
                   "src/sale/decide.cc:2: sale/ reads a clock")
        self.finds({"src/sale/decide.cc": "// never system_clock::now()\n"})

    def test_sale_tests_may_draw_numbers(self):
        self.finds({"src/sale/CMakeLists.txt": "SOURCES decide.cc decide_test.cc",
                    "src/sale/decide_test.cc": "#include <random>\n"})

    def test_boost_that_leaves_its_folder(self):
        http = {"src/http/session.h": "#include <boost/asio.hpp>\n",
                "src/http/server.h": '#include "http/session.h"\n',
                "src/http/plain.h": "//\n"}
        self.finds({**http, "src/api/x.h": '#include "http/plain.h"\n'})
        self.finds({**http, "src/api/x.h": '#include "http/session.h"\n'},
                   'src/api/x.h:1: "http/session.h" brings Boost')
        self.finds({**http, "src/api/x.h": '//\n#include "http/server.h"\n'},
                   'src/api/x.h:2: "http/server.h" brings Boost')

    def test_coroutine_lambdas_with_captures(self):
        for code in ("co_spawn(loop, [this]() -> awaitable<void> { co_return; }, detached);",
                     "co_await\n  [x](int y) { return x + y; }(2);",
                     "co_await wait(timer, [&](auto e) { use(e); });",
                     "auto job = [socket = std::move(socket)]() mutable -> awaitable<void> {\n"
                     "  co_await socket.write(); };"):
            with self.subTest(code):
                found = self.breaches({"src/sale/decide.cc": "\n" + code + "\n"})
                self.assertEqual(len(found), 1, found)
                self.assertIn("a lambda with captures", found[0])

    def test_lambdas_that_are_harmless(self):
        for code in ("co_spawn(loop, [](int x) -> awaitable<void> { co_return; }(1), detached);",
                     "co_spawn(loop, serve(std::move(socket)), detached);",
                     "co_await wait(table[i](x), rows[0] < 3);",
                     "post(loop, [x] { use(x); }); co_await wait();",
                     "// co_await [x] { }\nconst char* text = \"co_await [x] { }\";",
                     "[[nodiscard]] auto [a, b] = co_await both();"):
            with self.subTest(code):
                self.finds({"src/sale/decide.cc": code})

    def test_a_source_in_no_list(self):
        self.finds({"src/sale/decide_test.cc": "\n"}, "src/sale/decide_test.cc:1: in no CMakeLists.txt")
        self.finds({"src/sale/CMakeLists.txt": "SOURCES decide.cc # decide_test.cc",
                    "src/sale/decide_test.cc": "\n"}, "src/sale/decide_test.cc:1: in no CMakeLists.txt")
        self.finds({"tests/e2e/claims_test.py": "\n"}, "tests/e2e/claims_test.py:1: in no CMakeLists.txt")
        self.finds({"tests/e2e/test_claims.py": "\n"}, "tests/e2e/test_claims.py:1: in no CMakeLists.txt")
        self.finds({"src/sale/CMakeLists.txt": "SOURCES decide.cc ${CMAKE_SOURCE_DIR}/tests/sim/world.cc",
                    "tests/sim/world.cc": "\n"})

    def test_a_folder_that_the_build_never_enters(self):
        self.finds({"src/http/CMakeLists.txt": "SOURCES session.cc", "src/http/session.cc": "\n"},
                   "src/http/CMakeLists.txt:1: no add_subdirectory",
                   "src/http/session.cc:1: in no CMakeLists.txt")

    def test_dead_links(self):
        self.finds({"docs/a.md": "\n[x](b.md)\n"}, "docs/a.md:2: dead link: b.md")
        self.finds({"docs/a.md": "[x]: gone.md\n"}, "docs/a.md:1: dead link: gone.md")
        self.finds({"docs/a.md": '<img src="gone.png">\n'}, "docs/a.md:1: dead link: gone.png")
        self.finds({"docs/a.md": "[x](../../secret.md)\n"}, "docs/a.md:1: dead link")
        self.finds({"docs/a.md": "[x](/README.md)\n"}, "docs/a.md:1: dead link")
        self.finds({"docs/a.md": "[x](../README.md#three-commands)\n"}, "docs/a.md:1: dead link: README.md has")

    def test_links_that_live(self):
        self.finds({"docs/a.md": "# A `b` c: d\n# A `b` c: d\n[1](#a-b-c-d) [2](#a-b-c-d-1) [3](../README.md)\n"
                                 "[4](https://example.com/x) [5](../src/sale/decide.h#L3) `[6](gone.md)`\n"
                                 "```\n[7](gone.md)\n```\n"})

    def test_a_name_twice_in_a_folder(self):
        def two(one, other, *expected, second="src/sale/apply.cc"):
            self.finds({"src/sale/CMakeLists.txt": "SOURCES decide.cc apply.cc decide_test.cc",
                        "src/http/CMakeLists.txt": "SOURCES session.cc",
                        "src/CMakeLists.txt": "add_subdirectory(sale)\nadd_subdirectory(http)\n",
                        "src/sale/decide.cc": "namespace {\n" + one + "\n}  // namespace\n",
                        "src/http/session.cc": "\n",
                        second: "int begin;\nnamespace {\n\n" + other + "\n}\n"}, *expected)

        for name, one, other in [
                ("kMost", "constexpr int kMost = 1;", "constexpr std::size_t kMost = 2;"),
                ("kNames", "constexpr std::string_view kNames[] = {};", "const std::array<int, 2> kNames{};"),
                ("Part", "struct Part {\n};", "class Part final : public Whole {\n};"),
                ("Values = std::array<int, 2>", "using Values = int;", "using Values = std::array<int, 2>;"),
                ("read(const Map<int, int>&, int)", "bool read(const Map<int, int>& map, int a) {\n}",
                 "void read(const Map<int, int>& other,\n          int b) {\n}")]:
            with self.subTest(name):
                two(other, one, "src/sale/decide.cc:2: " + name + " stands in src/sale/apply.cc too")
                two(other, one, second="src/http/session.cc")
                two(other, one, second="src/sale/decide_test.cc")
        two("using Values = int;", "using Values = int;")
        two("bool read(int a) {\n}", "bool read(char a) {\n}")
        two("void f() {\n  constexpr int kMost = 1;\n}", "constexpr int kMost = 1;")
        two("// constexpr int kMost = 1;", "constexpr int kMost = 1;")

    def test_packages_and_their_page(self):
        page = "| package | what for |\n| --- | --- |\n| `g++`, `cmake` | building; not `clang` |\n"
        self.finds({"packages.txt": "# why\nrun g++\ntest cmake\n", "docs/dependencies.md": page})
        self.finds({"packages.txt": "run g++\nrun cmake\nrun curl\n", "docs/dependencies.md": page},
                   "packages.txt:3: curl is not explained")
        self.finds({"packages.txt": "run g++\n", "docs/dependencies.md": page},
                   "docs/dependencies.md:3: cmake is not in packages.txt")
        self.finds({"packages.txt": "g++\n"}, "packages.txt:1: not 'run PACKAGE'")
        self.finds({"packages.txt": "run g++\ntest cmake\n", "docs/dependencies.md": page,
                    "tests/npm/package.json": '{"devDependencies": {"left-pad": "1.0.0"}}'},
                   "tests/npm/package.json:1: left-pad is not explained")


if __name__ == "__main__":
    unittest.main()
