// Builds what browsers are served: the console, the buyer's element, the demo shop.
//
//   node web/build.mjs --out FOLDER [--cc FILE] [--depfile FILE]   once, checked, minified, compressed
//   node web/build.mjs --out FOLDER --watch                       again at each change, for --web.dir
//
// FOLDER/console/..., FOLDER/embed/v1.js and FOLDER/demo/... are what the server serves under the same paths.
// A file that another one names has the hash of its content in its name, and may be kept for ever; a page and
// embed/v1.js have not. Beside each stand FILE.gz and FILE.br where they are smaller; manifest.json lists all.
// --cc is the same as C++ (src/api/web_site.h), --depfile what it was made from, for ninja.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const web = path.dirname(fileURLToPath(import.meta.url));

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json',
};

// A page: FOLDER/index.html, and what it names as ./main.js, ./main.css (from the entry) or ./FILE (from
// FOLDER/static).
const PAGES = [
  { name: 'console', entry: 'console/src/main.tsx' },
  { name: 'demo', entry: 'demo/main.ts' },
];
// Of FOLDER/static, what keeps its name, since others than the page know it.
const KNOWN_BY_NAME = new Set(['icon.svg']);
const ELEMENT = 'element/src/main.ts';

function fail(message) {
  process.stderr.write(`web/build.mjs: ${message}\n`);
  process.exit(1);
}

function readArguments(words) {
  const given = {};
  for (let i = 0; i < words.length; ++i) {
    const name = words[i].replace(/^--/, '');
    if (name === 'watch') given.watch = true;
    else if (['out', 'cc', 'depfile'].includes(name) && words[i + 1]) given[name] = path.resolve(words[++i]);
    else fail(`what is '${words[i]}'?`);
  }
  if (!given.out) fail('--out FOLDER is needed');
  return given;
}

async function loadEsbuild() {
  try {
    return await import('esbuild');
  } catch {
    return fail('its packages are missing: (cd web && npm ci --ignore-scripts); ./run and ./test do it by themselves');
  }
}

function checkTypes() {
  const tsc = path.join(web, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve) => {
    spawn(process.execPath, [tsc, '--noEmit', '--pretty', 'false', '-p', path.join(web, 'tsconfig.json')],
      { stdio: ['ignore', 2, 2] }).on('close', (code) => resolve(code === 0));
  });
}

const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex');

// One run: what is to be served, by path, and what it was made from.
class Build {
  constructor(esbuild, watch) {
    this.esbuild = esbuild;
    this.watch = watch;
    this.files = new Map(); // 'console/index.html' -> { bytes, immutable }
    this.inputs = new Set();
    this.packages = new Set();
  }

  add(file, bytes, immutable) {
    if (!TYPES[path.extname(file)]) throw new Error(`${file}: no content type is known for it`);
    this.files.set(file, { bytes: Buffer.from(bytes), immutable });
  }

  read(file) {
    this.inputs.add(path.join(web, file));
    return fs.readFileSync(path.join(web, file));
  }

  async bundle(entry, options) {
    const result = await this.esbuild.build({
      absWorkingDir: web,
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      target: 'es2022',
      charset: 'utf8',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      minify: !this.watch,
      sourcemap: this.watch ? 'inline' : false,
      legalComments: 'none', // licenses.txt has them in whole
      loader: { '.svg': 'file', '.png': 'file', '.webp': 'file', '.woff2': 'file' },
      logLevel: 'warning',
      outdir: '/',
      ...options,
    });
    for (const input of Object.keys(result.metafile.inputs)) {
      this.inputs.add(path.join(web, input));
      const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
      if (found) this.packages.add(found[1]);
    }
    return result.outputFiles;
  }

  async page({ name, entry }) {
    const named = new Map(); // what index.html calls it -> its name with the hash
    const outputs = await this.bundle(entry, {
      splitting: true,
      entryNames: '[name]-[hash]',
      chunkNames: '[name]-[hash]',
      assetNames: '[name]-[hash]',
    });
    for (const output of outputs) {
      const file = path.basename(output.path);
      this.add(`${name}/${file}`, output.contents, true);
      named.set(file.replace(/-[A-Z0-9]{8}\./, '.'), file);
    }
    const folder = path.join(web, name, 'static');
    for (const file of fs.existsSync(folder) ? fs.readdirSync(folder).sort() : []) {
      const bytes = this.read(`${name}/static/${file}`);
      if (KNOWN_BY_NAME.has(file)) {
        named.set(file, file);
        this.add(`${name}/${file}`, bytes, false);
        continue;
      }
      const { name: stem, ext } = path.parse(file);
      named.set(file, `${stem}-${hashOf(bytes).slice(0, 8).toUpperCase()}${ext}`);
      this.add(`${name}/${named.get(file)}`, bytes, true);
    }
    const html = this.read(`${name}/index.html`).toString().replace(/(src|href)="\.\/([^"]+)"/g, (_, word, file) => {
      if (!named.has(file)) throw new Error(`${name}/index.html: there is no ./${file}`);
      return `${word}="./${named.get(file)}"`;
    });
    this.add(`${name}/index.html`, html, false);
  }

  async element() {
    const [output] = await this.bundle(ELEMENT, { entryNames: 'v1' });
    this.add('embed/v1.js', output.contents, false);
  }

  licenses() {
    let text = 'What the console is made with, beside its own code.\n';
    for (const name of [...this.packages].sort()) {
      const { version } = JSON.parse(this.read(`node_modules/${name}/package.json`));
      text += `\n${'-'.repeat(76)}\n${name} ${version}\n\n${this.read(`node_modules/${name}/LICENSE`)}`;
    }
    this.add('console/licenses.txt', text, false);
  }

  async run() {
    for (const page of PAGES) await this.page(page);
    await this.element();
    this.licenses();
    for (const file of ['build.mjs', 'tsconfig.json', 'modules.d.ts', 'package-lock.json']) this.read(file);
    return [...this.files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, { bytes, immutable }]) => ({
      path: `/${file.replace(/(^|\/)index\.html$/, '$1')}`, file, type: TYPES[path.extname(file)], immutable, bytes,
      tag: hashOf(bytes).slice(0, 32), ...this.compressed(bytes),
    }));
  }

  compressed(bytes) {
    if (this.watch) return { gzip: undefined, brotli: undefined };
    const smaller = (packed) => (packed.length < bytes.length ? packed : undefined);
    return {
      gzip: smaller(gzipSync(bytes, { level: 9 })),
      brotli: smaller(brotliCompressSync(bytes, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      })),
    };
  }
}

function writeFolder(folder, files) {
  fs.mkdirSync(folder, { recursive: true });
  const wanted = new Set(['manifest.json']);
  const write = (file, bytes) => {
    if (!bytes) return;
    wanted.add(file);
    const place = path.join(folder, file);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.writeFileSync(`${place}.new`, bytes);
    fs.renameSync(`${place}.new`, place); // a server that reads it sees all of one or of the other
  };
  for (const { file, bytes, gzip, brotli } of files) {
    write(file, bytes);
    write(`${file}.gz`, gzip);
    write(`${file}.br`, brotli);
  }
  write('manifest.json', `${JSON.stringify(files.map(({ bytes, gzip, brotli, ...rest }) => ({
    ...rest, size: bytes.length, gzip: gzip?.length ?? null, brotli: brotli?.length ?? null,
  })), null, 1)}\n`);
  for (const each of fs.readdirSync(folder, { recursive: true })) {
    const place = path.join(folder, each);
    if (!wanted.has(each) && fs.statSync(place).isFile()) fs.unlinkSync(place);
  }
}

// Any bytes as a string literal: three octal digits always, so that no digit that follows belongs to them.
function literal(bytes) {
  if (!bytes) return '{}';
  let text = '';
  let line = '"';
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) line += `\\${String.fromCharCode(byte)}`;
    else if (byte >= 0x20 && byte < 0x7f && byte !== 0x3f) line += String.fromCharCode(byte);
    else line += `\\${byte.toString(8).padStart(3, '0')}`;
    if (line.length > 1000) {
      text += `${line}"\n`;
      line = '"';
    }
  }
  return `{${text}${line}", ${bytes.length}}`;
}

function writeCc(file, files) {
  const rows = files.map((each) => `    {"${each.path}", "${each.type}", "${each.tag}", ${each.immutable},
     ${literal(each.bytes)},
     ${literal(each.gzip)},
     ${literal(each.brotli)}},`);
  fs.writeFileSync(file, `// Made by web/build.mjs.
#include "api/web_site.h"

namespace doorbuster::api {
namespace {
constexpr WebFile kFiles[] = {
${rows.join('\n')}
};
}  // namespace
std::span<const WebFile> embedded_web_files() { return kFiles; }
}  // namespace doorbuster::api
`);
}

function writeDepfile(file, target, inputs) {
  const escaped = (name) => name.replace(/[ #$]/g, '\\$&');
  fs.writeFileSync(file, `${escaped(target)}: \\\n  ${[...inputs].sort().map(escaped).join(' \\\n  ')}\n`);
}

async function buildOnce(given, esbuild) {
  const build = new Build(esbuild, false);
  const [typesAreRight, built] = await Promise.allSettled([checkTypes(), build.run()]);
  if (built.status === 'rejected') return fail(built.reason.message);
  if (!typesAreRight.value) return fail('the type checker finds fault');
  writeFolder(given.out, built.value);
  if (given.cc) writeCc(given.cc, built.value);
  if (given.depfile) writeDepfile(given.depfile, given.cc ?? given.out, build.inputs);
}

async function watch(given, esbuild) {
  let due = true;
  let wake = () => {};
  for (const folder of ['console', 'demo', 'element']) {
    for (const each of [folder, ...fs.readdirSync(path.join(web, folder), { recursive: true }).map((f) => `${folder}/${f}`)]) {
      if (!fs.statSync(path.join(web, each)).isDirectory()) continue;
      fs.watch(path.join(web, each), () => {
        due = true;
        wake();
      });
    }
  }
  for (;;) {
    if (!due) await new Promise((resolve) => { wake = resolve; });
    due = false;
    try {
      writeFolder(given.out, await new Build(esbuild, true).run());
      process.stderr.write(`built ${new Date().toLocaleTimeString()}\n`);
    } catch (error) {
      process.stderr.write(`${error.message}\n`);
    }
  }
}

const given = readArguments(process.argv.slice(2));
const esbuild = await loadEsbuild();
await (given.watch ? watch : buildOnce)(given, esbuild);
