"""Real Redis servers for tests: each on a free loopback port, in a folder of the test's, gone with it."""
import contextlib
import os
import signal
import subprocess

from harness import eventually, free_port

# What an acknowledgement needs to be worth something (D1).
SYNCED = ("appendonly yes", "appendfsync always")


class RedisServer:
    """One redis-server, to be ended and started again on what it had stored."""

    def __init__(self, folder, lines=SYNCED, password=None):
        self.folder = folder
        self.port = free_port()
        self.password = password
        self.process = None
        os.makedirs(folder)
        with open(os.path.join(folder, "redis.conf"), "w", encoding="ascii") as config:
            config.write("\n".join([f"port {self.port}", "bind 127.0.0.1", f"dir {folder}", 'save ""', *lines]) + "\n")

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "redis-server", os.path.join(self.folder, "redis.conf")],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        eventually("redis-server answers", lambda: self.try_say("PING") == "PONG")
        return self

    def try_say(self, *words):
        """What it answers to a command, as redis-cli shows it; None where it cannot be asked."""
        command = ["redis-cli", "-p", str(self.port), *map(str, words)]
        environment = {**os.environ, **({"REDISCLI_AUTH": self.password} if self.password else {})}
        result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
        return result.stdout.removesuffix("\n") if result.returncode == 0 else None

    def say(self, *words):
        answer = self.try_say(*words)
        assert answer is not None, f"redis-server does not answer {words}"
        return answer

    def role(self):
        """Lines of ROLE: master ..., or slave, host and port of its master, connected ..."""
        return (self.try_say("ROLE") or "none").split("\n")

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @contextlib.contextmanager
    def frozen(self):
        """It stands still: connections stay, and nothing is answered."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)


class RedisCluster:
    """`masters` servers that share the slots, each with so many replicas."""

    def __init__(self, folder, masters=3, replicas=0, lines=SYNCED):
        self.servers = []
        for number in range(masters * (1 + replicas)):
            own = ("cluster-enabled yes", f"cluster-port {free_port()}", "cluster-node-timeout 2000",
                   "repl-diskless-sync-delay 0")
            self.servers.append(RedisServer(os.path.join(folder, str(number)), (*lines, *own)))
        for server in self.servers:
            server.start()
        places = [f"127.0.0.1:{server.port}" for server in self.servers]
        made = subprocess.run(["redis-cli", "--cluster", "create", *places, "--cluster-replicas", str(replicas),
                               "--cluster-yes"], capture_output=True, text=True, timeout=120)
        assert made.returncode == 0, made.stdout + made.stderr
        eventually("the cluster has found itself",
                   lambda: all("cluster_state:ok" in server.say("CLUSTER", "INFO") for server in self.servers))
        # One that never had its master's data is not elected in its place.
        eventually("every replica follows", lambda: all(
            role[0] == "master" or role[3] == "connected" for role in map(RedisServer.role, self.servers)))
        eventually("every node knows every replica", lambda: all(
            server.say("CLUSTER", "NODES").count("slave") == masters * replicas for server in self.servers))

    @property
    def url(self):
        return self.servers[0].url

    def kill(self):
        for server in self.servers:
            server.kill()
