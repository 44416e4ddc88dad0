// The buyer's element in a real browser, on the real server.
import { after, assert, checkAccess, checkWidth, eventually, inMs, openPage, openTab, PATIENCE, Server, Shop, test } from './harness.mjs';

// A shop's page with the element in it.
function pageWith(attributes, { base = '', lang = 'en', before = '' } = {}) {
  return `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width"><script type="module" src="${base}/embed/v1.js"></script></head>
<body><main><h1>Shop</h1>${before}<doorbuster-sale ${attributes}></doorbuster-sale></main></body></html>`;
}

class Element {
  constructor(page) {
    this.page = page;
    this.host = page.locator('doorbuster-sale');
  }

  part(name) {
    return this.host.locator(`[part=${name}]`);
  }

  async is(state) {
    await this.page.locator(`doorbuster-sale[state="${state}"]`).waitFor({ timeout: PATIENCE }).catch(async () => {
      assert.fail(`not ${state} but ${await this.host.getAttribute('state')}: ${await this.part('card').innerText()}`);
    });
  }

  async says(part, pattern) {
    await eventually(`${part} says ${pattern}`, async () => pattern.test(await this.part(part).innerText().catch(() => '')));
  }

  tap() {
    return this.part('button').click();
  }

  // What it told the page, as [name, detail].
  static async listen(page) {
    await page.addInitScript(() => {
      window.told = [];
      for (const name of ['won', 'soldout', 'error']) {
        document.addEventListener(`doorbuster:${name}`, (event) => window.told.push([name, event.detail]));
      }
    });
  }

  told() {
    return this.page.evaluate(() => window.told);
  }
}

// A page of a shop whose proxy names the buyer, as in production.
async function visit(server, { buyer = 'ann', attributes = 'sale="drop"', lang = 'en', ...more } = {}) {
  const shop = await Shop.start({ server, buyer, page: pageWith(attributes, { lang }) });
  const page = await openPage(more);
  await Element.listen(page);
  await page.goto(shop.url);
  return { shop, page, element: new Element(page) };
}

async function open(sale = {}, flags = []) {
  const server = await Server.start({ flags });
  await server.createSale('drop', { stock: 3, ...sale });
  return server;
}

test('counts down by the server\'s clock, opens by itself, and is won with a hold, a timer and a way to pay', async () => {
  const server = await open({ title: { en: 'The drop', 'zh-CN': '限量' }, hold_seconds: 600, opens_at: inMs(3_600_000) });
  const { page, element } = await visit(server, {
    attributes: 'sale="drop" checkout="/pay?claim={claim}"',
    timezoneId: 'Asia/Shanghai',
  });
  await element.is('countdown');
  await element.says('title', /^The drop$/);
  await element.says('timer', /^(59:\d\d|01:00:00)$/);
  assert.equal(await element.part('button').isVisible(), false);
  // The merchant opens it sooner; once the page knows, nobody tells it anything more. Looked at anew again
  // and again: one status may be from before (asked for already, or kept for its second by the browser).
  await server.done('PATCH', '/v1/sales/drop', { opens_at: inMs(8000) }, { 'If-Match': '*' });
  await eventually('the page knows', async () => {
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    return await element.part('timer').isHidden() || /^0?0:0\d$/.test(await element.part('timer').innerText());
  });
  await page.route('**/status', (route) => route.abort());
  await element.is('ready');
  await element.tap();
  await element.is('won');
  await element.says('timer', /^(09:\d\d|10:00)$/);
  await element.says('note', /Held for you until \d\d:\d\d:\d\d/);
  const [claim] = await server.claims('drop');
  assert.equal(claim.buyer, 'ann');
  assert.equal(new URL(await element.part('checkout').getAttribute('href'), page.url()).search, `?claim=${claim.id}`);
  const [[name, detail], ...rest] = await element.told();
  assert.deepEqual([name, detail.claim.id, rest], ['won', claim.id, []]);
  // The shop's program confirms; the page sees it by itself.
  await server.confirm(claim);
  await element.says('message', /^(✓ )?It is yours\.$/);
  assert.equal(await element.part('checkout').isVisible(), false);
  assert.equal(await element.part('timer').isVisible(), false);
  assert.equal((await element.told()).length, 1);
});

test('one tap is one request without a preflight, however often it is tapped and however slow the answer', async () => {
  const server = await open({ per_buyer_limit: 3 });
  const { shop, page, element } = await visit(server);
  await element.is('ready');
  let letGo;
  const held = new Promise((resolve) => { letGo = resolve; });
  await page.route('**/claims', async (route) => {
    await held;
    await route.continue();
  });
  await element.tap();
  await element.is('sending');
  for (let i = 0; i < 5; ++i) await element.part('button').click({ force: true });
  assert.equal(await element.part('button').getAttribute('aria-disabled'), 'true');
  letGo();
  await element.is('won');
  assert.equal(shop.count('POST'), 1);
  assert.equal((await server.claims('drop')).length, 1);
});

test('an answer that was lost is asked for again, and is the same claim', async () => {
  const server = await open({ per_buyer_limit: 3, hold_seconds: 600 });
  const { shop, element } = await visit(server);
  await element.is('ready');
  shop.lose('POST');
  await element.tap();
  await eventually('it was claimed', async () => (await server.claims('drop')).length > 0);
  await element.is('sending');
  shop.keep('POST');
  await element.is('won');
  assert.ok(shop.count('POST') >= 2);
  assert.equal((await server.claims('drop')).length, 1);
});

test('offline it says so, and asks on as soon as there is a network', async () => {
  const server = await open({ per_buyer_limit: 3 });
  const { page, element } = await visit(server);
  await element.is('ready');
  await page.context().setOffline(true);
  await element.tap();
  await element.is('sending');
  await element.says('note', /Still asking/);
  await page.context().setOffline(false);
  await element.is('won');
  assert.equal((await server.claims('drop')).length, 1);
});

test('a page that is loaded again while it asks, asks on; one that has won keeps its claim', async () => {
  const server = await open({ per_buyer_limit: 3, hold_seconds: 600 });
  const { shop, page, element } = await visit(server);
  await element.is('ready');
  shop.lose('POST');
  await element.tap();
  await eventually('it was claimed', async () => (await server.claims('drop')).length > 0);
  await page.reload();
  await element.is('sending');
  shop.keep('POST');
  await element.is('won');
  await page.reload();
  await element.is('won');
  await element.says('timer', /^(09:\d\d|10:00)$/);
  assert.equal((await server.claims('drop')).length, 1);
});

test('two tabs of one buyer make one claim, even where he may have more', async () => {
  const server = await open({ per_buyer_limit: 3 });
  const { shop, page, element } = await visit(server);
  const tab = await openTab(page);
  await tab.goto(shop.url);
  const other = new Element(tab);
  await element.is('ready');
  await other.is('ready');
  await Promise.all([element.tap(), other.tap()]);
  await element.is('won');
  await other.is('won');
  assert.equal((await server.claims('drop')).length, 1);
});

test('all held: says when the next chance is, and opens again when a unit comes back', async () => {
  const server = await open({ stock: 1, hold_seconds: 600 });
  const held = await server.claim('drop', 'bob');
  const { element } = await visit(server);
  await element.is('all-held');
  await element.says('note', /Next chance at \d\d:\d\d:\d\d/);
  await server.release(held);
  await element.is('ready');
  await element.tap();
  await element.is('won');
});

test('sold out under one\'s hands is said, once, and to the page too', async () => {
  const server = await open({ stock: 1 });
  const { page, element } = await visit(server);
  await element.is('ready');
  await page.route('**/status', (route) => route.abort()); // it must hear it from the claim's own answer
  await server.claim('drop', 'bob');
  await element.tap();
  await element.is('gone');
  await element.says('message', /^Sold out\.$/);
  assert.deepEqual(await element.told(), [['soldout', { availability: 'gone' }]]);
});

test('a hold whose time is up is over by itself, and can be tried again as a new claim', async () => {
  const server = await open({ hold_seconds: 2 }, ['--restart-grace-seconds', '0']);
  const { element } = await visit(server);
  await element.is('ready');
  await element.tap();
  await element.is('won');
  await element.is('ready');
  await element.says('note', /Your time to pay is over/);
  await element.says('button', /^Try again$/);
  await element.tap();
  await element.is('won');
  assert.equal((await server.claims('drop')).length, 2);
});

test('paused, resumed and closed by the merchant while it is looked at', async () => {
  const server = await open();
  const { element } = await visit(server);
  await element.is('ready');
  await server.steer('drop', 'pause');
  await element.tap();
  await element.is('paused');
  await server.steer('drop', 'resume');
  await element.is('ready');
  await server.steer('drop', 'close');
  await element.tap();
  await element.is('closed');
});

test('the server killed and started again in the middle: the claim is there, and so is the truth', async () => {
  const server = await open({ hold_seconds: 600 });
  const { element, page } = await visit(server);
  await element.is('ready');
  await server.kill();
  const failed = page.waitForEvent('requestfailed', (request) => request.method() === 'POST');
  await element.tap();
  await failed;
  await element.is('sending');
  await server.launch();
  await element.is('won');
  await server.kill();
  await server.launch();
  const [claim] = await server.claims('drop');
  await server.confirm(claim);
  await element.says('message', /^(✓ )?It is yours\.$/);
});

test('in Chinese, by the page\'s language or the browser\'s', async () => {
  const server = await open({ title: { en: 'The drop', 'zh-CN': '限量发售' } });
  const byPage = await visit(server, { lang: 'zh-CN' });
  await byPage.element.is('ready');
  await byPage.element.says('title', /^限量发售$/);
  await byPage.element.says('button', /^立即抢购$/);
  await byPage.element.tap();
  await byPage.element.says('message', /已归您所有/);
  const shop = await Shop.start({ server, buyer: 'bob', page: pageWith('sale="drop"').replace(' lang="en"', '') });
  const page = await openPage({ locale: 'zh-CN' });
  await page.goto(shop.url);
  await new Element(page).says('message', /^已开始。$/);
});

test('by keyboard alone, without losing the focus', async () => {
  const server = await open({ hold_seconds: 600 });
  const { page, element } = await visit(server, { attributes: 'sale="drop" checkout="/pay?{claim}"' });
  await element.is('ready');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await element.is('won');
  const focused = await page.evaluate(() => document.querySelector('doorbuster-sale').shadowRoot.activeElement?.getAttribute('part'));
  assert.equal(focused, 'checkout');
});

test('what a title says stays text, and no address but a web address is a way to pay', async () => {
  const evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
  const server = await open({ title: evil, hold_seconds: 600 });
  const { page, element } = await visit(server, { attributes: 'sale="drop" checkout="javascript:window.hacked=1//{claim}"' });
  await element.is('ready');
  assert.equal(await element.part('title').innerText(), evil);
  await element.tap();
  await element.is('won');
  assert.equal(await element.part('checkout').isVisible(), false);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
});

test('a refusal and a sale that is not there are said, to the page too', async () => {
  const server = await Server.start({ dev: false, flags: ['--trusted-proxies', '127.0.0.1'] });
  await server.makeKey('shop');
  await server.createSale('drop', { stock: 3 });
  const nobody = await visit(server, { buyer: null });
  await nobody.element.is('ready');
  await nobody.element.tap();
  await nobody.element.says('note', /Sign in to take part/);
  assert.deepEqual((await nobody.element.told()).map(([name, { code }]) => [name, code]), [['error', 'unauthenticated']]);
  const none = await visit(server, { attributes: 'sale="none"' });
  await none.element.is('error');
  await none.element.says('message', /There is no such sale/);
  assert.deepEqual((await none.element.told()).map(([name, { code }]) => [name, code]), [['error', 'not-found']]);
});

test('in the page of another origin, with a strict policy, without a preflight', async () => {
  const shop = await Shop.start({ server: undefined });
  const server = await open({ hold_seconds: 600 }, ['--http.cors-origins', shop.url]);
  shop.page = pageWith('sale="drop" buyer="ann"', { base: server.url });
  shop.headers = { 'Content-Security-Policy': `default-src 'none'; script-src ${server.url}; connect-src ${server.url}` };
  const page = await openPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  const asked = [];
  devtools.on('Network.requestWillBeSent', ({ type, request }) => asked.push([type, request.method, request.url]));
  await page.goto(shop.url);
  const element = new Element(page);
  await element.is('ready');
  // Reading one's own claims is no simple request, and comes at another time than the opening.
  await eventually('it has read the claims', () => asked.some(([, , url]) => url.endsWith('/claims/me')));
  const before = asked.length;
  await element.tap();
  await element.is('won');
  const claims = asked.slice(before).filter(([, , url]) => url.endsWith('/claims'));
  assert.deepEqual(claims.map(([, method]) => method), ['POST']);
});

test('a page that nobody looks at asks nothing', async () => {
  const server = await open();
  const { shop, page, element } = await visit(server);
  await element.is('ready');
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  let asked = 0;
  page.on('request', (request) => { asked += request.url().endsWith('/status') ? 1 : 0; });
  await server.steer('drop', 'pause');
  // The time at which it would ask comes and goes: a second tab of the shop has asked twice by then.
  const tab = await openTab(page);
  await tab.goto(shop.url);
  await new Element(tab).is('paused');
  await server.steer('drop', 'resume');
  await new Element(tab).is('ready');
  assert.equal(asked, 0);
  assert.equal(await element.host.getAttribute('state'), 'ready');
  await page.evaluate(() => {
    delete document.hidden;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await server.steer('drop', 'close');
  await element.is('closed');
});

test('each state is accessible, and fits a phone, in both themes', async () => {
  const server = await open({ hold_seconds: 600 });
  await server.createSale('later', { opens_at: inMs(3_600_000) });
  await server.createSale('over');
  await server.steer('over', 'close');
  for (const colorScheme of ['light', 'dark']) {
    const attributes = 'sale="drop" checkout="/pay?{claim}"';
    const { page, element } = await visit(server, { colorScheme, width: 320, buyer: colorScheme, attributes });
    await element.is('ready');
    await checkAccess(page);
    await element.tap();
    await element.is('won');
    await checkAccess(page);
    await checkWidth(page);
    for (const [sale, state] of [['later', 'countdown'], ['over', 'closed']]) {
      await element.host.evaluate((node, id) => node.setAttribute('sale', id), sale);
      await element.is(state);
      await checkAccess(page);
    }
  }
});
