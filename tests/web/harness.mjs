// What browser tests share: the real server, the system's Chromium, a shop in front of both.
//
//   import { after, assert, openPage, Server, test } from './harness.mjs';
//
// From the environment:
//   DOORBUSTER_BINARY    the program under test
//   DOORBUSTER_CHROMIUM  the browser; /usr/bin/chromium by default
// A test file is run by `node FILE`; it ends with 77, which is "skipped", where Node.js is older than
// playwright-core asks for. Nothing sleeps: what is awaited is a condition, with a deadline.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after as afterAll, test as nodeTest } from 'node:test';
import { fileURLToPath } from 'node:url';

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.log(`skipped: Node.js is ${process.version}`);
  process.exit(77);
}

const npm = createRequire(new URL('../npm/', import.meta.url));
const { chromium } = npm('playwright-core');
const { AxeBuilder } = npm('@axe-core/playwright');

const BINARY = process.env.DOORBUSTER_BINARY ?? '';
const CHROMIUM = process.env.DOORBUSTER_CHROMIUM ?? '/usr/bin/chromium';
export const PATIENCE = 30_000; // ms; a busy machine
export const checkout = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

export { assert };

// --- tests

let cleanups = [];

// Ended when the test is, the last first.
export function after(cleanup) {
  cleanups.push(cleanup);
}

export function test(name, body) {
  nodeTest(name, { timeout: 8 * PATIENCE }, async () => {
    cleanups = [];
    const errors = [];
    try {
      await body();
    } catch (error) {
      errors.push(error);
    }
    for (const cleanup of cleanups.reverse()) {
      try {
        await cleanup();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  });
}

// Polls until `condition` gives something truthy, and gives that. `what`: a text, or what makes one.
export async function eventually(what, condition, patience = PATIENCE) {
  const deadline = Date.now() + patience;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > deadline) {
      throw new Error(`not within ${patience / 1000} s: ${typeof what === 'function' ? what() : what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// --- the server

const folders = [];
process.on('exit', () => folders.forEach((folder) => fs.rmSync(folder, { recursive: true, force: true })));

function temporaryFolder() {
  folders.push(fs.mkdtempSync(path.join(os.tmpdir(), 'doorbuster-web-')));
  return folders.at(-1);
}

function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DOORBUSTER_')));
}

// One `doorbuster serve` over a data directory of its own; with --dev unless told otherwise. It ends with
// its test, and no later than this process.
export class Server {
  static async start(options = {}) {
    const server = new Server(options);
    after(() => server.end());
    await server.launch();
    return server;
  }

  constructor({ dev = true, flags = [] } = {}) {
    this.dev = dev;
    this.flags = flags;
    this.folder = temporaryFolder();
    this.port = 0;
    this.log = '';
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  // On the port that it had before, if it had one.
  async launch() {
    assert.ok(BINARY, 'DOORBUSTER_BINARY names no program');
    const words = ['--pdeathsig', 'KILL', BINARY, 'serve', '--data-dir', path.join(this.folder, 'data'),
      '--http.listen', `127.0.0.1:${this.port}`, '--admin.listen', '127.0.0.1:0', ...this.flags];
    if (this.dev) words.push('--dev');
    const child = spawn('setpriv', words, { stdio: ['ignore', 'pipe', 'pipe'], env: environment() });
    this.process = child;
    this.ended = new Promise((resolve) => child.on('exit', resolve));
    let said = '';
    child.stdout.on('data', (text) => { said += text; });
    child.stderr.on('data', (text) => { this.log += text; });
    await eventually(() => `the server is ready\n${said}${this.log}`, () => {
      const found = /ready +http:\/\/127\.0\.0\.1:(\d+)/.exec(said);
      if (found) this.port = Number(found[1]);
      if (!found && child.exitCode !== null) throw new Error(`the server ended: ${this.log}`);
      return found;
    }, 2 * PATIENCE);
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  async end() {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGTERM');
      assert.equal(await this.ended, 0, this.log);
    }
  }

  // A key of a server without --dev. It follows the file within a second; `works` waits for that.
  async makeKey(name, scopes = 'all') {
    const made = spawnSync(BINARY, ['keys', 'create', name, '--scopes', scopes, '--data-dir', path.join(this.folder, 'data')],
      { encoding: 'utf8', env: environment() });
    assert.equal(made.status, 0, made.stderr);
    const key = made.stdout.trim();
    await eventually('the server knows the key', async () => (await fetch(`${this.url}/v1/server`,
      { headers: { Authorization: `Bearer ${key}` } })).ok);
    this.key ??= key;
    return key;
  }

  async backUp(name) {
    const done = spawnSync(BINARY, ['backup', path.join(this.folder, 'data'), path.join(this.folder, name)],
      { encoding: 'utf8', env: environment() });
    assert.equal(done.status, 0, done.stderr);
  }

  async revokeKey(name) {
    const done = spawnSync(BINARY, ['keys', 'revoke', name, '--data-dir', path.join(this.folder, 'data')],
      { encoding: 'utf8', env: environment() });
    assert.equal(done.status, 0, done.stderr);
  }

  // Asks as a merchant's program.
  async ask(method, target, body = undefined, headers = {}) {
    const all = { ...headers };
    if (this.key) all.Authorization = `Bearer ${this.key}`;
    if (body !== undefined) all['Content-Type'] ??= method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const response = await fetch(this.url + target, { method, headers: all, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
  }

  async done(method, target, body, headers) {
    const answer = await this.ask(method, target, body, headers);
    assert.ok(answer.status < 300, `${method} ${target}: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  createSale(id, more = {}) {
    return this.done('POST', '/v1/sales', { id, title: id, stock: 1, ...more });
  }

  steer(sale, action) {
    return this.done('POST', `/v1/sales/${sale}/${action}`);
  }

  claim(sale, buyer) {
    return this.done('POST', `/v1/sales/${sale}/claims`, { buyer });
  }

  confirm(claim, reference = 'order-1') {
    return this.done('POST', `/v1/sales/${claim.sale}/claims/${claim.id}/confirm`, { reference });
  }

  release(claim) {
    return this.done('DELETE', `/v1/sales/${claim.sale}/claims/${claim.id}`);
  }

  async claims(sale) {
    return (await this.done('GET', `/v1/sales/${sale}/claims?limit=1000`)).data;
  }
}

// RFC 3339, so many milliseconds from now.
export function inMs(ms) {
  return new Date(Date.now() + ms).toISOString();
}

// --- a shop with a proxy

// An HTTP server of a shop: its page at /, and everything else from `server`, for the buyer that it names
// (X-Buyer-Id). `asked` lists what came. Between `lose(method)` and `keep(method)` such requests reach the
// server, and their answers do not come back. (One alone would not do: a browser by itself asks again on
// another connection.)
export class Shop {
  static async start(options) {
    const shop = new Shop(options);
    await new Promise((resolve) => shop.listener.listen(0, '127.0.0.1', resolve));
    after(() => {
      shop.listener.closeAllConnections();
      return new Promise((resolve) => shop.listener.close(resolve));
    });
    return shop;
  }

  constructor({ server, buyer = undefined, page = '', headers = {} }) {
    Object.assign(this, { server, buyer, page, headers, asked: [], losing: new Set() });
    this.listener = http.createServer((request, response) => this.serve(request, response));
  }

  get url() {
    return `http://127.0.0.1:${this.listener.address().port}`;
  }

  lose(method) {
    this.losing.add(method);
  }

  keep(method) {
    this.losing.delete(method);
  }

  count(method) {
    return this.asked.filter((each) => each.startsWith(`${method} `)).length;
  }

  serve(request, response) {
    this.asked.push(`${request.method} ${request.url}`);
    if (request.url.split('?')[0] === '/' || request.url === '/favicon.ico') {
      response.writeHead(request.url === '/favicon.ico' ? 204 : 200, { 'Content-Type': 'text/html; charset=utf-8', ...this.headers });
      response.end(request.url === '/favicon.ico' ? undefined : this.page);
      return;
    }
    const headers = { ...request.headers };
    delete headers['x-buyer-id'];
    if (this.buyer) headers['x-buyer-id'] = this.buyer;
    const lost = this.losing.has(request.method);
    const onward = http.request(this.server.url + request.url, { method: request.method, headers }, (answer) => {
      if (lost) {
        answer.resume().on('end', () => response.destroy());
        return;
      }
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }
}

// --- the browser

let browser;

afterAll(async () => {
  await browser?.close();
});

// A page in a browser context of its own, with the time to wait that a busy machine needs. Errors of its
// scripts, and what its Content-Security-Policy forbids, fail the test; `expected` names those that belong to it.
export async function openPage({ locale = 'en-GB', colorScheme = 'light', width = 1280, height = 800, reducedMotion = 'reduce',
  expected = [], ...more } = {}) {
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
  const context = await browser.newContext({ locale, colorScheme, viewport: { width, height }, reducedMotion, ...more });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  watch(page, expected);
  after(() => context.close());
  return page;
}

// One more tab of the same browser.
export async function openTab(page, expected = []) {
  const tab = await page.context().newPage();
  watch(tab, expected);
  return tab;
}

function watch(page, expected) {
  const wrong = [];
  // A request that was refused or lost is told by the browser itself; what becomes of it is the test's business.
  const isOfNetwork = (text) => /^Failed to load resource|net::ERR_/.test(text);
  const note = (text) => {
    if (!isOfNetwork(text) && !expected.some((pattern) => pattern.test(text))) wrong.push(text);
  };
  page.on('pageerror', (error) => note(String(error.stack ?? error)));
  page.on('console', (message) => {
    if (message.type() === 'error') note(message.text());
  });
  after(() => assert.deepEqual(wrong, [], 'the page had errors'));
}

// No finding of axe that is serious or worse; what it finds is printed by rule and place.
export async function checkAccess(page, { include = undefined } = {}) {
  let builder = new AxeBuilder({ page });
  if (include) builder = builder.include(include);
  const { violations } = await builder.analyze();
  const found = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`);
  assert.deepEqual(found, []);
}

// The page does not scroll sideways.
export async function checkWidth(page) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(content <= window, `the page is ${content} wide in a window of ${window}`);
}
