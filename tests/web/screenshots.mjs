// Makes docs/screenshots anew: each page of the console, in both themes, on a desk and on a phone.
//
//   DOORBUSTER_BINARY=build/release/doorbuster node tests/web/screenshots.mjs [FOLDER]
//
// With the fonts of fonts-inter and fonts-wqy-microhei, so that they look the same wherever they are made, and made
// small by pngquant: Debian's packages, by hand, for nothing else needs them.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { checkout, eventually, inMs, openPage, Server, test } from './harness.mjs';

const folder = path.resolve(process.argv[2] ?? path.join(checkout, 'docs/screenshots'));
const SIZES = { desktop: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } };
const PAGES = {
  sales: '#/',
  new: '#/new',
  live: '#/sales/iphone-drop/live',
  result: '#/sales/vinyl-night/result',
  developers: '#/developers',
  system: '#/system',
};

function crowd(server, sale, ...flags) {
  return spawn(process.env.DOORBUSTER_BINARY, ['bench', '--url', server.url, '--sale', sale, '--connections', '16', ...flags], { stdio: 'ignore' });
}

const ended = (child) => new Promise((resolve) => child.on('exit', resolve));

async function fill(server) {
  await server.createSale('vinyl-night', { title: { en: 'Vinyl night', 'zh-CN': '黑胶之夜' }, stock: 500 });
  await ended(crowd(server, 'vinyl-night', '--mix', 'winners', '--buyers', '620', '--duration', '2'));
  await server.steer('vinyl-night', 'close');
  await server.createSale('spring-sneakers', { title: { en: 'Spring sneakers', 'zh-CN': '春季球鞋' }, stock: 800, hold_seconds: 900 });
  await ended(crowd(server, 'spring-sneakers', '--mix', 'holds', '--rate', '100', '--duration', '3'));
  await server.steer('spring-sneakers', 'pause');
  await server.createSale('festival-tickets', { title: { en: 'Festival tickets', 'zh-CN': '音乐节门票' }, stock: 20_000, opens_at: inMs(8_231_000) });
  await server.createSale('holiday-lights', { title: { en: 'Holiday lights', 'zh-CN': '节日彩灯' }, stock: 300, opens_at: inMs(460_000_000) });
  await server.createSale('iphone-drop', { title: { en: 'iPhone drop', 'zh-CN': 'iPhone 秒杀' }, stock: 20_000, hold_seconds: 600 });
}

async function shoot(page, name) {
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

test('screenshots', async () => {
  fs.mkdirSync(folder, { recursive: true });
  const server = await Server.start();
  await fill(server);
  const busy = crowd(server, 'iphone-drop', '--mix', 'holds', '--rate', '130', '--duration', '100');
  for (const colorScheme of ['light', 'dark']) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await openPage({ colorScheme, ...viewport, locale: 'en-GB', deviceScaleFactor: Number(process.env.SCALE ?? 1) });
      for (const [name, place] of Object.entries(PAGES)) {
        await page.goto(`${server.url}/console/${place}`);
        await page.locator('h1').first().waitFor();
        await eventually('it has loaded', async () => await page.locator('.skeleton').count() === 0);
        if (name === 'new') await page.getByLabel('Title in English').fill('Ten year edition');
        if (name === 'live') await eventually('some seconds are on the chart', () => page.evaluate(() => performance.now() > 12_000));
        await shoot(page, `${name}-${size}-${colorScheme}`);
      }
    }
  }
  busy.kill('SIGINT');
  await ended(busy);
  const made = fs.readdirSync(folder).filter((name) => name.endsWith('.png'));
  execFileSync('pngquant', ['--quality', '50-90', '--speed', '1', '--strip', '--ext', '.png', '--force', ...made], { cwd: folder });
});
