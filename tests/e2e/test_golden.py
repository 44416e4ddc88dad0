"""What the program says, letter by letter, against tests/golden/ and what docs/ says of it.

With DOORBUSTER_GOLDEN=write the files are written anew; then read the difference as a person would.
"""
import json
import os
import re

from harness import DoorbusterTest, main, program_environment, run_program

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOLDEN = os.path.join(CHECKOUT, "tests", "golden")
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


class Documents(DoorbusterTest):

    def settings(self):
        return json.loads(run_program("config", "print", "--json").stdout)["settings"]

    def test_every_setting_is_in_the_documentation_as_it_is(self):
        path = os.path.join(CHECKOUT, "docs", "configuration.md")
        with open(path, encoding="utf-8") as file:
            page = file.read()
        table = "| setting | what it is | may be | default | SIGHUP |\n| --- | --- | --- | --- | --- |\n"
        for setting in self.settings():
            default = "" if setting["secret"] else f"`{json.dumps(setting['default'])}`"
            table += (f"| `{setting['name']}` | {setting['about']} | {setting['is']} | {default} | "
                      f"{'' if setting['needs_restart'] else 'follows'} |\n")
        pattern = re.compile(r"(<!-- settings: [^\n]*-->\n)(.*)(<!-- end of settings -->\n)", re.S)
        wanted = pattern.sub(lambda found: found.group(1) + "\n" + table + "\n" + found.group(3), page)
        if WRITE:
            with open(path, "w", encoding="utf-8") as file:
                file.write(wanted)
        else:
            self.assertEqual(page, wanted, "DOORBUSTER_GOLDEN=write writes the table anew")

    def test_the_file_to_begin_with_is_good_and_names_every_setting(self):
        path = os.path.join(CHECKOUT, "deploy", "doorbuster.toml")
        result = run_program("config", "check", "--config", path)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        with open(path, encoding="utf-8") as file:
            text = file.read()
        # With every default taken out of its comment it says the same as without.
        spelled_out = re.sub(r"(?m)^# (\w+ = )", r"\1", text)
        full = self.path("full.toml")
        with open(full, "w", encoding="utf-8") as file:
            file.write(spelled_out)
        short, long = ({each["name"]: (each["value"], each["source"]) for each in json.loads(
            run_program("config", "print", "--json", "--config", name).stdout)["settings"] if not each["secret"]}
            for name in (path, full))
        self.assertEqual({name: value for name, (value, _) in short.items()},
                         {name: value for name, (value, _) in long.items()})
        self.assertEqual({source for _, source in long.values()}, {"file"})


if __name__ == "__main__":
    main()
