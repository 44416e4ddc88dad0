// What is served as a whole: how large it is, whether it is good HTML, and the demo shop.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { assert, checkAccess, checkWidth, eventually, openPage, Server, test } from './harness.mjs';

const npm = createRequire(new URL('../npm/', import.meta.url));
const SITE = process.env.DOORBUSTER_WEB ?? '';

// Gzip, as a browser gets it at the least.
const BUDGETS = [
  { what: 'the buyer\'s element', files: /^embed\//, bytes: 8 * 1024 },
  { what: 'the console', files: /^console\/.*\.(js|css|html)$/, bytes: 90 * 1024 },
];

function manifest() {
  return JSON.parse(fs.readFileSync(path.join(SITE, 'manifest.json'), 'utf8'));
}

for (const { what, files, bytes } of BUDGETS) {
  test(`${what} is smaller than ${bytes} bytes`, () => {
    const size = manifest().filter(({ file }) => files.test(file)).reduce((sum, each) => sum + (each.gzip ?? each.size), 0);
    console.log(`${what}: ${size} bytes`);
    assert.ok(size > 0 && size < bytes, `${size} bytes`);
  });
}

test('every page is good HTML, and has no code of its own', async () => {
  const { HtmlValidate } = npm('html-validate');
  const validator = new HtmlValidate({
    extends: ['html-validate:recommended'],
    rules: { 'doctype-style': ['error', { style: 'lowercase' }] },
  });
  const pages = manifest().filter(({ file }) => file.endsWith('.html'));
  assert.ok(pages.length >= 2);
  for (const { file } of pages) {
    const report = await validator.validateFile(path.join(SITE, file));
    assert.deepEqual(report.results.flatMap(({ messages }) => messages.map(({ line, ruleId, message }) => `${file}:${line}: ${ruleId}: ${message}`)), []);
    const html = fs.readFileSync(path.join(SITE, file), 'utf8');
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i);
  }
});

test('the sources and the form in which they stand are the same as the server serves', async () => {
  const server = await Server.start();
  const fromFolder = await Server.start({ flags: ['--web.dir', SITE] });
  for (const { path: target, file, immutable } of manifest()) {
    const [within, folder] = [await fetch(server.url + target), await fetch(fromFolder.url + target)];
    const bytes = fs.readFileSync(path.join(SITE, file));
    for (const answer of [within, folder]) {
      assert.equal(answer.status, 200, target);
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), bytes, target);
    }
    assert.equal(within.headers.get('Content-Type'), folder.headers.get('Content-Type'), target);
    assert.equal(within.headers.get('Cache-Control').includes('immutable'), immutable, target);
    assert.equal(folder.headers.get('Cache-Control'), 'no-store', target);
  }
  for (const target of ['/console/manifest.json', '/console/..%2fmanifest.json', '/console/%2e%2e/manifest.json', '/demo/main.js.gz']) {
    assert.equal((await fetch(fromFolder.url + target)).status, 404, target);
  }
});

async function demo(server, query = '', options = {}) {
  const page = await openPage(options);
  await page.goto(`${server.url}/demo/${query}`);
  return page;
}

test('the demo shop sells the sale that ./run starts', async () => {
  const server = await Server.start({ flags: ['--demo'] });
  const page = await demo(server, '?buyer=ann');
  await page.locator('doorbuster-sale[state=ready]').waitFor();
  await page.getByRole('button', { name: 'Get it' }).click();
  await page.locator('doorbuster-sale[state=won]').waitFor();
  assert.deepEqual((await server.claims('demo')).map(({ buyer }) => buyer), ['ann']);
});

test('the demo shop opens a drop of its own, and is paid', async () => {
  const server = await Server.start();
  const page = await demo(server);
  await page.getByRole('button', { name: 'Open a new drop' }).click();
  await page.locator('doorbuster-sale[state=countdown]').waitFor();
  const sale = new URL(page.url()).searchParams.get('sale');
  await page.locator('doorbuster-sale[state=ready]').waitFor();
  await page.getByRole('button', { name: 'Get it' }).click();
  await page.getByRole('link', { name: 'Pay now' }).click();
  await page.getByText('Paid. Thank you!').waitFor();
  await eventually('it is confirmed', async () => (await server.claims(sale))[0].status === 'confirmed');
  await page.locator('doorbuster-sale').getByText('It is yours.').waitFor();
});

test('the demo shop is accessible in both themes, both languages, and on a phone', async () => {
  const server = await Server.start({ flags: ['--demo'] });
  for (const [colorScheme, locale, width] of [['light', 'en-GB', 1280], ['dark', 'zh-CN', 360]]) {
    const page = await demo(server, '', { colorScheme, locale, width });
    await page.locator('doorbuster-sale[state=ready]').waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), locale === 'zh-CN' ? 'zh-CN' : 'en');
    await checkAccess(page);
    await checkWidth(page);
  }
});

test('without --dev the demo shop can be looked at', async () => {
  const server = await Server.start({ dev: false });
  await server.makeKey('shop');
  await server.createSale('demo');
  const page = await demo(server);
  await page.locator('doorbuster-sale[state=ready]').waitFor();
  await page.getByText('was started with --dev').waitFor();
  assert.equal(await page.locator('#actions').isVisible(), false);
});
