"""What the shells complete: asked of bash, and typed at bash and zsh."""
import os
import pty
import re
import select
import subprocess
import time

from harness import BINARY, DoorbusterTest, main, program_environment, run_program

# Splits as readline does, where = is a word of its own, and prints what is offered, a line each.
BASH = r"""
source <("$0" completions bash)
complete -p doorbuster >&2
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_doorbuster
printf '%s\n' "${COMPREPLY[@]}"
"""


class Bash(DoorbusterTest):

    def offered(self, *words):
        """What completes the last of `words`."""
        result = subprocess.run(["bash", "--norc", "-c", BASH, BINARY, "doorbuster", *words], text=True,
                                capture_output=True, timeout=30, cwd=self.place, env=program_environment(LC_ALL="C"),
                                check=True)
        # compopt has nothing to act on without a terminal.
        self.assertEqual(result.stderr, "complete -F _doorbuster doorbuster\n")
        return result.stdout.split()

    def test_commands(self):
        self.assertEqual(self.offered("ser"), ["serve"])
        self.assertEqual(self.offered("sale", "c"), ["create", "close", "cancel"])
        self.assertEqual(self.offered("config", ""), ["print", "check"])
        self.assertEqual(self.offered("nonsense", "x"), [])
        # Every command that --help lists.
        listed = re.findall(r"^  (\w+) ", run_program("--help").stdout.partition("Commands:")[2], re.M)
        self.assertEqual(self.offered(""), listed)

    def test_options(self):
        self.assertEqual(self.offered("serve", "--http.l"), ["--http.listen"])
        self.assertEqual(self.offered("serve", "--dev", "--dem"), ["--demo"])
        self.assertEqual(self.offered("sale", "create", "drop", "--sto"), ["--stock"])
        self.assertEqual(self.offered("verify", "--"), ["--help", "--json"])

    def test_values(self):
        self.assertEqual(self.offered("claims", "export", "drop", "--format", ""), ["csv", "ndjson"])
        self.assertEqual(self.offered("claims", "export", "drop", "--format", "="), ["csv", "ndjson"])
        self.assertEqual(self.offered("claims", "export", "drop", "--format", "=", "n"), ["ndjson"])
        self.assertEqual(self.offered("completions", ""), ["bash", "zsh"])
        self.assertEqual(self.offered("serve", "--io-threads", ""), [])
        # A value that is called like a command.
        self.assertEqual(self.offered("serve", "--data-dir", "sale", "--dem"), ["--demo"])

    def test_files(self):
        os.mkdir(self.path("folder"))
        open(self.path("file.toml"), "w", encoding="ascii").close()
        self.assertEqual(sorted(self.offered("serve", "--config", "")), ["file.toml", "folder"])
        self.assertEqual(self.offered("serve", "--data-dir", ""), ["folder"])
        self.assertEqual(self.offered("verify", "fo"), ["folder"])


class Terminal:
    """A shell at a terminal, where one types."""

    def __init__(self, test, command, place):
        self.test = test
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.chdir(place)
            environment = program_environment(PATH=os.path.dirname(BINARY) + ":" + os.environ["PATH"],
                                              TERM="dumb", HOME=place, LC_ALL="C.UTF-8", PS1="")
            os.execvpe(command[0], command, environment)
        test.addCleanup(self._end)

    def _end(self):
        os.close(self.terminal)  # the shell ends with its terminal
        os.waitpid(self.child, 0)

    def type(self, text, expected):
        """Types, and reads until `expected` has been shown."""
        os.write(self.terminal, text.encode())
        shown, deadline = "", time.monotonic() + 60
        while expected not in shown:
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            self.test.assertTrue(ready, f"typed {text!r}, waited for {expected!r}, saw {shown!r}")
            shown += os.read(self.terminal, 65536).decode("utf-8", "replace")


class Typed(DoorbusterTest):

    def check(self, command, preparation):
        terminal = Terminal(self, command, self.place)
        terminal.type(f"stty columns 300 rows 100; {preparation}; echo lo''aded\n", "\nloaded")
        for typed, completed in [("doorbuster ser\t", "doorbuster serve "),
                                 ("doorbuster claims exp\t", "doorbuster claims export "),
                                 ("doorbuster serve --dev --http.l\t", "--http.listen"),
                                 ("doorbuster claims export drop --format=n\t", "--format=ndjson"),
                                 ("doorbuster completions z\t", "doorbuster completions zsh "),
                                 ("doorbuster sale create drop --late-payment rea\t", "--late-payment reacquire ")]:
            with self.subTest(typed):
                terminal.type(typed, completed)
                terminal.type("\x15echo ne''xt\n", "\nnext")  # the line is wiped

    def test_at_bash(self):
        self.check(["bash", "--norc", "--noprofile", "-i"],
                   "bind 'set enable-bracketed-paste off'; source <(doorbuster completions bash)")

    def test_at_zsh(self):
        self.check(["zsh", "-f", "-i"], "unsetopt beep; autoload -U compinit; compinit -u -D; "
                                        "source <(doorbuster completions zsh)")


if __name__ == "__main__":
    main()
