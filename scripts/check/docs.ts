// Runs the documents: every block of TypeScript and HTML from the built package, in Node or Chromium; commands
// must be scripts of package.json, links must lead somewhere. `npm run docs`, or `npm run docs -- node.md`.
// docs/page.ts lists the comments by which a page says how its blocks are run. No block is left out in silence.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commands as cliCommands } from '../../src/cli/commands.js';
import { type Block, type Page, readPage } from './docs/page.js';
import { END, isCode, type Program, programsOf, sourceOf, typeErrors } from './docs/program.js';
import { compile, type OpenBrowser, openBrowser, runInNode } from './docs/run.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Inside the package, so that imports of its name find the built files. */
const folder = `${root}build/docs/`;
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

const namesIn = (path: string): string[] =>
  readdirSync(root + path)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(path, name));
const pages = [...namesIn('.'), ...namesIn('docs')].map((name) =>
  readPage(name, readFileSync(root + name, 'utf8')),
);

const problems: string[] = [];
const complain = (page: Page, line: number, what: string) =>
  problems.push(`${page.name}:${line + 1}: ${what}`);
const counts: Record<string, number> = {};
const count = (what: string, many = 1): void => {
  counts[what] = (counts[what] ?? 0) + many;
};

function checkLinks(page: Page): void {
  for (const { to, line } of page.links) {
    if (/^[a-z]+:/.test(to)) continue;
    count('links');
    const [path, anchor] = to.split('#');
    const target = path ? normalize(join(dirname(page.name), path)) : page.name;
    if (!existsSync(root + target)) complain(page, line, `there is no ${target}`);
    else if (anchor && !pages.find(({ name }) => name === target)?.anchors.includes(anchor))
      complain(page, line, `${target} has no heading #${anchor}`);
  }
}

/** Commands of npm itself, which need no script in package.json. */
const npmCommands = ['install', 'ci', 'create'];

/** Commands of npm must exist; blocks with other commands must be marked as not run. */
function checkCommands(page: Page): void {
  for (const block of page.blocks.filter(({ language }) => language === 'sh')) {
    if (block['not run']) continue;
    block.code.split('\n').forEach((text, i) => {
      const command = text.replace(/#.*/, '').trim();
      if (!command) return;
      count('commands');
      const [npm, verb, name] = command.split(/\s+/);
      // tests/cli/docs.test.ts runs them.
      if (npm === 'npx' && verb === 'wasmgrad') {
        if (!Object.hasOwn(cliCommands, name) && name !== '--help')
          complain(page, block.line + 1 + i, `wasmgrad has no command '${name}'`);
        return;
      }
      const known =
        npm === 'npm' && (verb === 'run' || npmCommands.includes(verb) || scripts[verb]);
      if (!known) complain(page, block.line + 1 + i, `'${command}' is no command of npm`);
    });
  }
  page.text.split('\n').forEach((text, line) => {
    for (const [, script] of text.matchAll(/npm run ([\w:-]+)/g))
      if (!scripts[script]) complain(page, line, `package.json has no script '${script}'`);
  });
}

/** Each block is run, is output, or says why it is not run. */
function checkBlocks(page: Page): void {
  for (const { language, line, file, 'not run': why, ...block } of page.blocks) {
    if (why) console.log(`not run: ${page.name}:${line + 1} (${language}): ${why}`);
    else if (language === 'json') JSON.parse(block.code);
    else if (language === 'html' && block.prints.length === 0)
      complain(page, line, 'a page of HTML needs a comment that says what it prints');
    else if (!isCode({ language }) && !['html', 'sh', ''].includes(language) && !file)
      complain(page, line, `nothing runs ${language}: say <!-- not run: why -->`);
  }
}

/** A block that is a file beside the programs. */
type FileBlock = Block & { file: string };

/** A program or page to run, and what it must print. */
interface Job extends Omit<Program, 'place'> {
  place: Program['place'] | 'html';
  file: string;
  /** The source that it was compiled from. */
  source?: string;
  prints: string[];
}

/** Writes what is run: a folder for each page. */
async function write(page: Page, programs: Program[]): Promise<Job[]> {
  const home = join(folder, page.name);
  mkdirSync(home, { recursive: true });
  const run = page.blocks.filter((block) => !block['not run']);
  await writeFiles(
    page,
    home,
    run.filter((block): block is FileBlock => block.file !== undefined),
  );
  const jobs: Job[] = [];
  for (const program of programs) {
    const name = `line-${program.blocks[0].line + 1}`;
    const [source, file] = [join(home, 'sources', `${name}.ts`), join(home, `${name}.mjs`)];
    writeFileSync(source, sourceOf(program));
    await compile(source, file, program.place);
    const prints = [...program.blocks.flatMap((block) => block.prints), END];
    jobs.push({ ...program, source, file, prints });
  }
  for (const block of run.filter(({ language }) => language === 'html')) {
    const file = join(home, `line-${block.line + 1}.html`);
    writeFileSync(file, block.code);
    jobs.push({ page, place: 'html', blocks: [block], file, prints: block.prints });
  }
  return jobs;
}

/** Files beside the programs, first all as they are: they may import each other. */
async function writeFiles(page: Page, home: string, blocks: FileBlock[]): Promise<void> {
  const sources = join(home, 'sources');
  mkdirSync(sources, { recursive: true });
  for (const { file, line, code } of blocks) {
    writeFileSync(join(sources, file), `${'\n'.repeat(line + 1)}${code}`);
    const others = page.blocks.filter((block) => block.line !== line && isCode(block));
    if (!others.some((block) => block.code.includes(file)))
      complain(page, line, `no block uses the file ${file}`);
  }
  for (const { file, browser } of blocks)
    await compile(join(sources, file), join(home, file), browser ? 'browser' : 'node');
}

async function run(
  { page, place, blocks, file, prints }: Job,
  browser: () => Promise<OpenBrowser>,
): Promise<void> {
  const path = file.slice(folder.length - 1);
  const started = Date.now();
  try {
    if (place === 'node') {
      const printed = await runInNode(file);
      const missing = prints.find((text) => !printed.includes(text));
      if (missing) complain(page, blocks[0].line, `'${missing}' is not printed, but:\n${printed}`);
    } else {
      const html = path.replace(/\.mjs$/, '.html');
      const script = `<!doctype html><script type="module" src="${path}"></script>`;
      if (place === 'browser') writeFileSync(join(folder, html), script);
      await (await browser()).visit(html, prints);
    }
  } catch (error) {
    const { stderr = '', stack } = error as { stderr?: string; stack?: string };
    complain(page, blocks[0].line, `(${place}) ${stderr}${stack ?? error}`);
  }
  count(`blocks in ${place === 'node' ? 'Node' : 'Chromium'}`, blocks.length);
  console.log(
    `${page.name}:${blocks[0].line + 1}: ${blocks.length} in ${place}, ${Date.now() - started} ms`,
  );
}

const [only = ''] = process.argv.slice(2);
const chosen = pages.filter(({ name }) => name.includes(only));
if (chosen.length === 0) throw new Error(`there is no page ${only}`);
rmSync(folder, { recursive: true, force: true });
const jobs: Job[] = [];
for (const page of chosen) {
  checkLinks(page);
  checkCommands(page);
  checkBlocks(page);
  jobs.push(...(await write(page, programsOf(page))));
}

const sources = jobs.flatMap(({ source }) => source ?? []);
for (const { file, line, text } of typeErrors(sources)) {
  const job = jobs.find(({ source }) => source === file);
  if (job) complain(job.page, line - 1, text);
  else problems.push(`${file}:${line}: ${text}`);
}

let opened: Promise<OpenBrowser> | undefined;
const browser = () => {
  opened ??= openBrowser(folder);
  return opened;
};
for (const job of jobs) await run(job, browser);
await (await opened)?.close();

console.log(
  Object.entries(counts)
    .map(([what, many]) => `${many} ${what}`)
    .join(', '),
);
for (const problem of problems) console.error(`\n${problem}`);
if (problems.length > 0) console.error(`\n${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);
