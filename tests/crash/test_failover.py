"""Masters of a Redis Cluster that die, stand still and lose their replicas while a crowd claims at two gateways.

  DOORBUSTER_FAILOVERS   how many rounds at each level, 3 by default; D0 and D2 are only tried when it is given

At D3 no acknowledged claim is ever lost. Below, a failover may lose some: they are counted, and no gateway that had
acknowledged them sells the sale on. The judge asks a gateway that was started after the fault and knows nothing, and
holds what it finds against what buyers were told.
"""
import collections
import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import sys
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from harness import DoorbusterTest, chance, claim, crowd, eventually, get, main  # noqa: E402
from http_client import Closed, post_json  # noqa: E402
from redis_server import SYNCED, RedisCluster  # noqa: E402

LONG = "DOORBUSTER_FAILOVERS" in os.environ
ROUNDS = int(os.environ.get("DOORBUSTER_FAILOVERS", "3"))
SALES = 6        # of a round: some in each master's slots
LANES = 3        # connections a sale
SECONDS = 120    # for a cluster to become whole again, on a busy machine


def best_lines(replicas):
    """What D3 wants, with so many replicas a master."""
    return (*SYNCED, "no-appendfsync-on-rewrite no", "aof-load-truncated no", "maxmemory-policy noeviction",
            "replica-serve-stale-data no", f"min-replicas-to-write {replicas}", "cluster-allow-replica-migration no")


class Crowd:
    """Buyers who claim from some sales until they are told to stop, each sale at one gateway, and what they were told."""

    def __init__(self, gateways, sales):
        self.sales = sales
        self.told = {sale: {} for sale in sales}  # {sale: {buyer: (id, unit)}}
        self.units = {sale: collections.defaultdict(set) for sale in sales}  # {sale: {unit: buyers}}
        self.codes = collections.Counter()
        self.stopping = False
        self.threads = []
        for number, gateway in enumerate(gateways):
            scripts = [self.script(sale, lane) for sale in sales[number::len(gateways)] for lane in range(LANES)]
            self.threads.append(threading.Thread(target=self.run, args=(gateway.address, scripts)))
        self.flaw = None
        for thread in self.threads:
            thread.start()

    def run(self, address, scripts):
        try:
            crowd(address, scripts, self.answered, depth=8)
        except BaseException as flaw:  # for whoever stops it
            self.flaw = flaw

    def script(self, sale, lane):
        for number in itertools.count():
            if self.stopping:
                return
            yield (sale, f"b{lane}-{number}"), claim(sale, f"b{lane}-{number}")

    def answered(self, tag, answer):
        sale, buyer = tag
        if answer.status not in (200, 201):
            assert answer.status == 503, answer
            self.codes[answer.code] += 1
            return
        value = answer.json()
        self.told[sale][buyer] = value["id"], value["units"][0]
        self.units[sale][value["units"][0]].add(buyer)

    @property
    def in_vain(self):
        return sum(self.codes.values())

    @property
    def acknowledged(self):
        return sum(map(len, self.told.values()))

    def wait_for_more(self, more=200):
        """Until so many more claims are acknowledged than are now."""
        wanted = self.acknowledged + more
        eventually(f"{more} more claims", lambda: self.flaw or self.acknowledged >= wanted, SECONDS)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()
        if self.flaw:
            raise self.flaw


class Failover(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.random = chance(self.id())
        self.counts = collections.Counter()

    def start(self, level, replicas, lines):
        self.cluster = RedisCluster(self.path("cluster"), 3, replicas, lines)
        self.addCleanup(self.cluster.kill)
        self.level = level
        self.wait_until_whole()
        self.gateways = [self.gateway() for _ in range(2)]

    def gateway(self):
        """One that knows a single node, which runs, and finds the others."""
        return self.serve(f"gateway-{len(self.servers)}", ["--engine", "redis", "--redis.cluster", "--redis.url",
                                                           self.cluster.url, "--redis.durability", self.level])

    # The cluster

    def masters(self):
        return [server for server in self.cluster.servers if server.role()[0] == "master"]

    def master_of(self, sale):
        return next(each for each in self.masters() if each.say("EXISTS", f"{{{sale}}}:state") == "1")

    def replicas_of(self, master):
        return [server for server in self.cluster.servers
                if server.role()[0] == "slave" and server.role()[2] == str(master.port)]

    def is_whole(self):
        """All nodes run and agree, and each replica follows its master."""
        masters = self.masters()
        if len(masters) != 3:
            return False
        for server in self.cluster.servers:
            known = server.try_say("CLUSTER", "NODES") or "fail"
            if known.count("slave") != len(self.cluster.servers) - 3:
                return False
            if "fail" in known or "cluster_state:ok" not in (server.try_say("CLUSTER", "INFO") or ""):
                return False
            role = server.role()
            if role[0] == "slave" and role[3] != "connected":
                return False
        return True

    def wait_until_whole(self):
        eventually("the cluster is whole", self.is_whole, SECONDS)

    def wait_for_election(self, replicas):
        eventually("a replica is elected", lambda: any(each.role()[0] == "master" for each in replicas), SECONDS)

    # Faults: each ends when the cluster has another master, or its old one again

    def kill(self, master, replicas):
        master.kill()
        self.wait_for_election(replicas)
        master.start()

    def freeze(self, master, replicas):
        with master.frozen():
            self.wait_for_election(replicas)

    def restart(self, master, replicas):
        master.kill()
        master.start()

    def lag(self, master, replicas):
        """The replicas miss what the master does last."""
        with contextlib.ExitStack() as still:
            for replica in replicas:
                still.enter_context(replica.frozen())
            self.cut_links(master)
            self.go_on_without_a_replica()
            master.kill()
        self.wait_for_election(replicas)
        master.start()

    def cut_off(self, master, replicas):
        """One replica has what the master did last, the other has not, and that one is elected."""
        behind, ahead = self.random.sample(replicas, 2)
        with behind.frozen():
            self.cut_links(master)
            self.go_on_without_a_replica()
            master.kill()
            ahead.signal(signal.SIGSTOP)
        try:
            self.wait_for_election([behind])
        finally:
            ahead.signal(signal.SIGCONT)
        master.start()

    def cut_links(self, master):
        """To its replicas. One that is frozen would else find what the kernel has kept for it; others come back."""
        master.say("CLIENT", "KILL", "TYPE", "replica")

    def go_on_without_a_replica(self):
        """For some claims, or askings in vain where a claim wants that replica."""
        if self.level in ("D2", "D3"):
            before = self.crowd.in_vain
            eventually("claims are refused", lambda: self.crowd.in_vain > before + 100, SECONDS)
        else:
            self.crowd.wait_for_more(1_000)

    # A round

    def run_rounds(self, faults):
        for number in range(ROUNDS):
            self.round(number, faults[number % len(faults)])
        print(f"{self.level}: {dict(self.counts)}", flush=True)
        self.assertGreater(self.counts["acknowledged"], 0)

    def round(self, number, fault):
        sales = [f"r{number}-{place}" for place in range(SALES)]
        with self.gateways[0].connect() as connection:
            for sale in sales:
                publish = post_json("/v1/sales", {"id": sale, "stock": 1_000_000, "title": sale})
                eventually("a sale is created", lambda data=publish: connection.ask(data).status in (200, 201), SECONDS)
        self.crowd = Crowd(self.gateways, sales)
        try:
            self.crowd.wait_for_more()
            master = self.master_of(self.random.choice(sales))
            fault(master, self.replicas_of(master))
            self.wait_until_whole()
        finally:
            self.crowd.stop()
        self.counts[fault.__name__] += 1
        self.counts["acknowledged"] += self.crowd.acknowledged
        self.judge(sales)

    def judge(self, sales):
        stranger = self.gateway()
        for place, sale in enumerate(sales):
            found = eventually(f"{sale} can be read", lambda name=sale: self.claims_of(stranger, name), SECONDS)["claims"]
            told = self.crowd.told[sale]
            lost = {buyer: value for buyer, value in told.items() if found.get(buyer) != value}
            # Sold on, the unit of a claim that is gone would have been another buyer's too.
            twice = {unit: buyers for unit, buyers in self.crowd.units[sale].items() if len(buyers) > 1}
            self.assertEqual(twice, {}, f"{sale}: units that two buyers were told they have")
            self.counts["lost"] += len(lost)
            if self.level == "D3":
                self.assertEqual(lost, {}, f"{sale}: acknowledged, and not found")
            self.judge_gateway(self.gateways[place % len(self.gateways)], sale, bool(lost))
        stranger.stop()
        self.servers.remove(stranger)

    def claims_of(self, gateway, sale):
        """{"claims": {buyer: (id, unit)}}, of a sale that is not there none; nothing while that cannot be read: on a
        busy machine a cluster that was whole may elect once more."""
        with gateway.connect() as connection:
            try:
                status = connection.ask(get(f"/v1/sales/{sale}")).status
                answer = connection.ask(get(f"/v1/sales/{sale}/claims?format=ndjson"))
            except (Closed, ConnectionError):  # a list that could not be read to its end
                return None
            if status == 404:
                return {"claims": {}}
            if status != 200 or answer.status != 200:
                return None
            claims = [json.loads(line) for line in answer.text.splitlines()]
        return {"claims": {each["buyer"]: (each["id"], each["units"][0]) for each in claims}}

    def judge_gateway(self, gateway, sale, is_rewound):
        """Who had acknowledged what is gone sells nothing of that sale any more; others sell again."""
        with gateway.connect() as connection:
            def asked():
                return connection.ask(claim(sale, "afterwards"))
            if not is_rewound:
                eventually(f"{sale} is sold again", lambda: asked().status in (200, 201), SECONDS)
                return
            self.counts["rewound"] += 1

            def is_told():
                self.assertEqual(asked().status, 503)
                return re.search(rf"rewound, and not sold from: .*\b{sale}\b", gateway.ask_admin("/readyz?verbose").text)

            # It may be some seconds before it asks the servers again how they are set up.
            eventually(f"{sale} is known to be rewound", is_told, SECONDS)

    # Levels

    def test_with_every_replica_waited_for_nothing_is_lost(self):
        self.start("D3", 1, best_lines(1))
        self.run_rounds([self.kill, self.lag, self.freeze, self.restart])

    def test_a_replica_that_acknowledged_is_not_enough(self):
        self.start("D3", 2, best_lines(2))
        self.run_rounds([self.cut_off])

    def test_without_waiting_what_is_lost_is_not_sold_on(self):
        self.start("D1", 1, SYNCED)
        self.run_rounds([self.lag, self.kill, self.freeze, self.restart])

    @unittest.skipUnless(LONG, "of the long form")
    def test_with_a_log_that_is_synced_by_the_second(self):
        self.start("D0", 1, ("appendonly yes", "appendfsync everysec"))
        self.run_rounds([self.lag, self.kill, self.freeze, self.restart])

    @unittest.skipUnless(LONG, "of the long form")
    def test_with_replicas_waited_for_and_no_more(self):
        self.start("D2", 1, SYNCED)
        self.run_rounds([self.lag, self.kill, self.freeze, self.restart])


if __name__ == "__main__":
    if shutil.which("redis-server") is None:
        sys.exit(77)
    main()
