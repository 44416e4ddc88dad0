"""The settings: where they come from, what is said of mistakes, and what SIGHUP does."""
import contextlib
import json
import os
import re
import signal
import subprocess

from harness import BINARY, Connection, DoorbusterTest, eventually, get, main, program_environment, run_program

OK, USAGE, BAD_CONFIGURATION = 0, 2, 78


class ConfigTest(DoorbusterTest):

    def write(self, text, name="doorbuster.toml"):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def config(self, *arguments, **variables):
        return run_program("config", *arguments, env=program_environment(**variables), cwd=self.place)


class Print(ConfigTest):

    def settings(self, *arguments, **variables):
        result = self.config("print", "--json", *arguments, **variables)
        self.assertEqual((result.returncode, result.stderr), (OK, ""), result)
        return {each["name"]: each for each in json.loads(result.stdout)["settings"]}

    def test_the_strongest_place_wins_and_is_named(self):
        path = self.write('[http]\nlisten = "127.0.0.1:1"\nmax_pipelined = 3\nmax_connections = 4\n')
        found = self.settings("--config", path, "--http.listen", "127.0.0.1:3",
                              DOORBUSTER_HTTP_LISTEN="127.0.0.1:2", DOORBUSTER_HTTP_MAX_PIPELINED="5")
        self.assertEqual(
            [(found[name]["value"], found[name]["source"], found[name]["place"])
             for name in ("http.listen", "http.max_pipelined", "http.max_connections", "io_threads")],
            [("127.0.0.1:3", "flag", "--http.listen"), (5, "environment", "DOORBUSTER_HTTP_MAX_PIPELINED"),
             (4, "file", f"{path}:4:19"), (1, "default", "default")])

    def test_the_file_may_be_named_by_the_environment(self):
        path = self.write("io_threads = 7\n")
        self.assertEqual(self.settings(DOORBUSTER_CONFIG=path)["io_threads"]["value"], 7)
        other = self.write("io_threads = 8\n", "other.toml")
        self.assertEqual(self.settings("--config", other, DOORBUSTER_CONFIG=path)["io_threads"]["value"], 8)

    def test_every_setting_has_its_three_names(self):
        for name, setting in self.settings().items():
            flag = [setting["flag"], "0"] if setting["is"] != "true or false" else [setting["flag"] + "=0"]
            for arguments, variables in [(flag, {}), ([], {setting["variable"]: "0"})]:
                result = self.config("print", *arguments, **variables)
                # Known in any case: taken, or refused for its value.
                self.assertNotIn("no such setting", result.stderr, name)
                self.assertNotIn("unknown", result.stderr, name)

    def test_what_it_prints_is_a_file_of_settings(self):
        result = self.config("print", "--dev", "--data-dir", 'a "place" = # \u4e2d')
        path = self.write(result.stdout)
        again = self.settings("--config", path)
        self.assertEqual((again["dev"]["value"], again["data_dir"]["value"]), (True, 'a "place" = # \u4e2d'))
        self.assertEqual({each["source"] for each in again.values() if not each["secret"]}, {"file"})


class Mistakes(ConfigTest):

    def test_all_are_said_at_once_with_their_places(self):
        path = self.write('dev = 1\n[http]\nlistn = "x"\nmax_pipelined = 0\n')
        variables = {"DOORBUSTER_HTP_LISTEN": "x", "DOORBUSTER_IO_THREADS": "many"}
        for arguments in (["config", "check"], ["config", "print"], ["serve"]):
            with self.subTest(arguments):
                result = run_program(*arguments, "--config", path, "--journal.max-waiting", "1",
                                     env=program_environment(**variables), cwd=self.place)
                self.assertEqual((result.returncode, result.stdout), (BAD_CONFIGURATION, ""), result)
                self.assertEqual(result.stderr.splitlines(), [
                    f"doorbuster: {path}:1:7: dev: needs true or false, not a whole number",
                    f"doorbuster: {path}:3:1: http.listn: there is no such setting; did you mean http.listen?",
                    f"doorbuster: {path}:4:17: http.max_pipelined: '0' is no whole number from 1 to 1024",
                    "doorbuster: DOORBUSTER_HTP_LISTEN: there is no such setting; "
                    "did you mean DOORBUSTER_HTTP_LISTEN?",
                    "doorbuster: DOORBUSTER_IO_THREADS: 'many' is no whole number from 1 to 64",
                    "doorbuster: --journal.max-waiting: '1' is no whole number from 64 to 16777216"])
                self.assertEqual(os.listdir(self.place), ["doorbuster.toml"])

    def test_flags_alone_are_usage(self):
        result = self.config("check", "--io-threads", "0")
        self.assertEqual(result.returncode, USAGE, result)
        self.assertIn("--io-threads: '0' is no whole number from 1 to 64", result.stderr)

    def test_check_knows_what_serve_would_refuse(self):
        result = self.config("check", DOORBUSTER_HTTP_LISTEN="0.0.0.0:0")
        self.assertEqual(result.returncode, BAD_CONFIGURATION, result)
        self.assertIn("DOORBUSTER_HTTP_LISTEN: 0.0.0.0:0 could be reached from elsewhere", result.stderr)

    def test_check_as_json(self):
        result = self.config("check", "--json", DOORBUSTER_DEVV="1")
        self.assertEqual(result.returncode, BAD_CONFIGURATION, result)
        self.assertEqual(json.loads(result.stdout), {"good": False, "mistakes": [
            {"source": "environment", "place": "DOORBUSTER_DEVV", "setting": "",
             "message": "there is no such setting", "meant": "DOORBUSTER_DEV"}]})
        result = self.config("check", "--json")
        self.assertEqual((result.returncode, json.loads(result.stdout)), (OK, {"good": True, "mistakes": []}))

    def test_variables_of_clients_and_orchestrators_are_no_mistakes(self):
        result = self.config("check", DOORBUSTER_URL="x", DOORBUSTER_ADMIN_URL="y", DOORBUSTER_API_KEY="z",
                             DOORBUSTER_PORT="tcp://10.0.0.1:80", DOORBUSTER_SERVICE_HOST="10.0.0.1")
        self.assertEqual((result.returncode, result.stdout),
                         (OK, "the settings are good: all are defaults\n"), result)


class Serve(ConfigTest):

    def test_a_server_takes_its_settings_from_a_file(self):
        path = self.write("[http]\nmax_head_bytes = 1024\n")
        server = self.new_server(arguments=["--config", path],
                                 environment={"DOORBUSTER_JOURNAL_SEGMENT_BYTES": "1048576"}).start()
        with server.connect() as connection:
            self.assertEqual(connection.ask(get("/v1/sales")).status, 200)
            self.assertEqual(connection.ask(get("/v1/sales", [("X-Long", "a" * 2000)])).status, 431)
        segments = os.listdir(os.path.join(server.data_dir, "journal"))
        self.assertTrue(segments)
        for name in segments:
            if name.endswith(".seg"):
                self.assertEqual(os.path.getsize(os.path.join(server.data_dir, "journal", name)), 1 << 20)
        server.stop()


class Reload(ConfigTest):

    def hang_up(self, server, expected):
        """SIGHUP, and waits until the server has said `expected`."""
        already = server.told().count(expected)
        server.signal(signal.SIGHUP)
        eventually(f"it says {expected!r}", lambda: server.told().count(expected) > already)

    def status(self, server, size):
        return server.ask(get("/v1/sales", [("X-Long", "a" * size)])).status

    def test_sighup_takes_over_what_it_can_and_never_ends_the_server(self):
        path = self.write("[http]\nmax_head_bytes = 1024\n")
        server = self.new_server(arguments=["--config", path]).start()
        self.assertEqual(self.status(server, 2000), 431)

        self.write("restart_grace_seconds = 3\n[http]\nmax_head_bytes = 4096\n")
        self.hang_up(server, f"SIGHUP: http.max_head_bytes = 4096 ({path}:3:18) is in effect; it was 1024\n")
        self.assertIn(f"SIGHUP: restart_grace_seconds = 3 ({path}:1:25) takes effect at the next start; "
                      "until then 10\n", server.told())
        # Each thread has been told; the next connection may be served by any of them.
        eventually("every thread has it", lambda: {self.status(server, 2000) for _ in range(20)} == {200})

        # A file that is wrong, and one that is gone.
        self.write("[http]\nmax_head_bytes = 4097\nmax_pipelined = 0\n[journal")
        self.hang_up(server, "SIGHUP: the settings stay as they were\n")
        self.write("[http]\nmax_head_bytes = 1024\nmax_pipelined = 0\n")
        self.hang_up(server, f"SIGHUP: {path}:3:17: http.max_pipelined: '0' is no whole number from 1 to 1024\n")
        os.remove(path)
        self.hang_up(server, f"SIGHUP: {path}: No such file or directory\n")
        self.assertEqual(self.status(server, 2000), 200)
        server.stop()

    def test_sighup_without_a_file_changes_nothing(self):
        server = self.serve()
        self.hang_up(server, "SIGHUP: nothing has changed: there is no file of settings (--config)\n")
        self.assertEqual(self.status(server, 10), 200)
        server.stop()

    def test_a_hundred_sighups_under_way_with_the_end(self):
        server = self.serve()
        for _ in range(100):
            server.signal(signal.SIGHUP)
        server.signal(signal.SIGTERM)
        server.signal(signal.SIGHUP)
        self.assertEqual(server.wait(), 0)

    def test_a_log_that_nobody_reads_holds_up_neither_sighup_nor_the_end(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        os.set_blocking(writing, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writing, b"x" * 4096)
        os.set_blocking(writing, True)
        path = self.write("[http]\nmax_head_bytes = 1024\n")
        command = [BINARY, "serve", "--dev", "--data-dir", self.path("data"), "--config", path,
                   "--http.listen", "127.0.0.1:0", "--admin.listen", "127.0.0.1:0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=writing, text=True,
                              env=program_environment()) as server:
            os.close(writing)
            self.addCleanup(server.kill)
            port = int(re.match(r"ready +http://127.0.0.1:(\d+) ", server.stdout.readline()).group(1))

            def status():
                with Connection(("127.0.0.1", port)) as connection:
                    return connection.ask(get("/v1/sales", [("X-Long", "a" * 2000)])).status

            self.assertEqual(status(), 431)
            self.write("[http]\nmax_head_bytes = 4096\n")
            server.send_signal(signal.SIGHUP)
            eventually("the limit has changed", lambda: status() == 200)
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait(60), 0)


if __name__ == "__main__":
    main()
