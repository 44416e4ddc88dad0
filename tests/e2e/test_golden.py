"""What the program says, letter by letter, against tests/golden/.

With DOORBUSTER_GOLDEN=write the files are written anew; then read the difference as a person would.
"""
import os
import re
import sys

from harness import DoorbusterTest, main, program_environment, run_program

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")
WRITE = os.environ.get("DOORBUSTER_GOLDEN") == "write"


def commands_of(help_text):
    return re.findall(r"^  ([a-z-]+) ", help_text.partition("\nCommands:\n")[2].partition("\n\n")[0], re.M)


class Golden(DoorbusterTest):

    def check(self, name, text):
        path = os.path.join(GOLDEN, name + ".txt")
        if WRITE:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), text, f"{name}.txt; DOORBUSTER_GOLDEN=write writes it anew")

    def transcript(self, runs, **environment):
        """Each run as somebody at a terminal would see it, with its exit code."""
        text = ""
        for arguments, variables in runs:
            result = run_program(*arguments, env=program_environment(LC_ALL="C", **variables, **environment),
                                 cwd=self.place)
            shown = [f"{name}={value}" for name, value in variables.items()] + ["doorbuster", *arguments]
            text += f"$ {' '.join(shown)}\n{result.stdout}{result.stderr}-> {result.returncode}\n\n"
        return text

    def test_help(self):
        waiting, names = [[]], set()
        while waiting:
            command = waiting.pop()
            result = run_program(*command, "--help")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            names.add("-".join(["doorbuster", *command]) + ".txt")
            waiting += [[*command, inner] for inner in commands_of(result.stdout)]
            with self.subTest(command):
                self.check("help/" + "-".join(["doorbuster", *command]), result.stdout)
                for line in result.stdout.splitlines():
                    self.assertLessEqual(len(line), 100, line)
                    self.assertEqual(line, line.rstrip())
        self.assertIn("doorbuster-sale-create.txt", names)
        self.assertEqual(set(os.listdir(os.path.join(GOLDEN, "help"))), names, "help of no command is left over")

    def test_config(self):
        with open(self.path("shop.toml"), "w", encoding="ascii") as file:
            file.write('data_dir = "/srv/sales"\n[http]\nidle_timeout_seconds = 20\n')
        self.check("config", self.transcript([
            (["config", "print"], {}),
            (["config", "print", "--config", "shop.toml", "--io-threads", "2"], {"DOORBUSTER_DEV": "true"}),
            (["config", "check", "--config", "shop.toml", "--io-threads", "2"], {"DOORBUSTER_DEV": "true"}),
            (["config", "check", "--config", "shop.toml", "--json"], {})]))

    def test_mistakes(self):
        with open(self.path("bad.toml"), "w", encoding="ascii") as file:
            file.write('io_threads = "2"\n[http]\nlisten = "0.0.0.0:80"\nmax_conections = 5\n[jurnal]\nx = 1\n')
        with open(self.path("broken.toml"), "w", encoding="ascii") as file:
            file.write("dev = true\n[http\n")
        self.check("mistakes", self.transcript([
            (["srve"], {}), (["sale", "creat"], {}), (["help"], {}), (["serve", "--dve"], {}),
            (["serve", "extra"], {}), (["sale", "--json", "list"], {}), (["verify"], {}),
            (["sale", "create", "drop"], {}), (["health", "--url"], {}), (["health", "--url", "a", "--url", "b"], {}),
            (["claims", "list", "drop", "--limit", "0"], {}), (["claims", "export", "drop", "--format", "xls"], {}),
            (["sale", "show", "Drop"], {}), (["serve", "--io-threads", "many"], {}),
            (["serve", "--http.listen", "0.0.0.0:80"], {}), (["serve", "--config", "none.toml"], {}),
            (["serve", "--config", "bad.toml"], {"DOORBUSTER_HTTP_LISTN": "x"}),
            (["serve", "--config", "broken.toml"], {}), (["config", "check", "--json"], {"DOORBUSTER_DEV": "yes"}),
            (["verify", "nowhere"], {}), (["health", "--url", "http://127.0.0.1:1"], {}),
            (["sale", "list", "--url", "http://127.0.0.1:1"], {}), (["sale", "list", "--url", "ftp://x"], {})]))

    def test_refusals(self):
        server = self.serve()
        url = f"http://127.0.0.1:{server.port}"
        runs = [(["sale", "show", "none"], {}), (["sale", "create", "drop", "--stock", "0"], {}),
                (["sale", "close", "drop"], {}), (["claims", "list", "none"], {})]
        text = self.transcript(runs, DOORBUSTER_URL=url)
        text += self.transcript([(["serve", "--dev", "--data-dir", "data", "--http.listen", "127.0.0.1:0",
                                   "--admin.listen", "127.0.0.1:0"], {})])
        self.check("refusals", text.replace(url, "http://127.0.0.1:8080"))
        server.stop()


if __name__ == "__main__":
    # ctest runs without an argument; the variable is what a person sets.
    if WRITE:
        print("writing", GOLDEN, file=sys.stderr)
    main()
