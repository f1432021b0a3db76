// Makes one program of a page's blocks. Each block is in braces inside the braces of the block before it: so it can use
// and redeclare their names. Each line keeps its number in the page, so that errors name it.

import ts from 'typescript';
import type { Block, Page, Part } from './page.js';

/** Where a program runs. */
export type Place = 'node' | 'browser';

/** Blocks that run one after another, as one program. */
export interface Program {
  page: Page;
  place: Place;
  blocks: Block[];
}

/** A name that is imported, and the statement for it alone. */
interface Import {
  key: string;
  text: string;
}

/** Printed after the last block: a program without it has skipped some blocks. */
export const END = 'all blocks of the page have run';

/** The programs of a page, for Node and for browsers: their blocks, in order. */
export function programsOf(page: Page): Program[] {
  const programs: Program[] = [];
  const current: Partial<Record<Place, Program>> = {};
  for (const block of page.blocks) {
    if (!isCode(block) || block['not run'] || block.file) continue;
    const place: Place = block.browser ? 'browser' : 'node';
    let program = current[place];
    if (!program || block['new program']) {
      program = { page, place, blocks: [] };
      current[place] = program;
      programs.push(program);
    }
    program.blocks.push(block);
  }
  return programs;
}

/** Whether a block is TypeScript or JavaScript. */
export const isCode = ({ language }: { language: string }): boolean =>
  ['ts', 'js'].includes(language);

/** A program's TypeScript. @throws if a block uses a name that only a later or a hidden block imports */
export function sourceOf({ page, blocks }: Program): string {
  const lines: string[] = Array(page.lines + 1).fill('');
  const imports = new Imports(page);
  for (const { setup, code, line } of blocks) {
    lines[setup ? setup.line - 1 : line] += '{';
    const shown = { code, line: line + 1, shown: true };
    for (const part of setup ? [setup, shown] : [shown]) {
      imports.take(part).forEach((text, i) => {
        lines[part.line + i] += text;
      });
    }
  }
  lines[page.lines] += `${'}'.repeat(blocks.length)} console.log(${JSON.stringify(END)});`;
  return `${[...imports.texts.values()].join(' ')} ${lines.join('\n')}`;
}

/** The imports of blocks, collected so that each is written once, before all blocks. */
class Imports {
  readonly texts = new Map<string, string>();
  readonly #page: Page;
  readonly #shown = new Set<string>();
  /** Names that blocks have used, with their lines. */
  readonly #used = new Map<string, number>();

  constructor(page: Page) {
    this.#page = page;
  }

  /** The lines of a block without its imports. */
  take({ code, line, shown }: Part & { shown?: boolean }): string[] {
    const { found, rest, names } = withoutImports(code);
    for (const { key, text } of found) {
      const used = this.#used.get(key);
      if (!this.texts.has(key) && used !== undefined)
        this.#complain(used, `'${key}' is used, but imported later`);
      if (!this.texts.has(key)) this.texts.set(key, text);
      if (shown) this.#shown.add(key);
    }
    for (const name of names) {
      if (shown && this.texts.has(name) && !this.#shown.has(name))
        this.#complain(line, `'${name}' is imported only where readers do not see it`);
      this.#used.set(name, line);
    }
    return rest.split('\n');
  }

  #complain(line: number, what: string): never {
    throw new Error(`${this.#page.name}:${line + 1}: ${what}`);
  }
}

/** Imports of a block, one for each name, the code without them, and the names that it mentions. */
function withoutImports(code: string): { found: Import[]; rest: string; names: Set<string> } {
  const file = ts.createSourceFile('block.ts', code, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const names = new Set<string>();
  let rest = code;
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement)) {
      collectNames(statement, names);
      continue;
    }
    const text = statement.getText();
    rest = rest.replace(text, text.replace(/[^\n]/g, ''));
    found.push(...namesOf(statement));
  }
  return { found, rest, names };
}

function namesOf(statement: ts.ImportDeclaration): Import[] {
  const from = statement.moduleSpecifier.getText();
  const clause = statement.importClause;
  if (!clause) return [{ key: from, text: `import ${from};` }];
  const one = (key: string, what: string) => ({ key, text: `import ${what} from ${from};` });
  const type = clause.isTypeOnly ? 'type ' : '';
  const { name, namedBindings } = clause;
  const own = name ? [one(name.text, type + name.text)] : [];
  if (!namedBindings) return own;
  if (ts.isNamespaceImport(namedBindings))
    return [...own, one(namedBindings.name.text, type + namedBindings.getText())];
  const named = namedBindings.elements.map((element) =>
    one(element.name.text, `${type}{ ${element.getText()} }`),
  );
  return [...own, ...named];
}

/** Collects identifiers, without names of properties and options. */
function collectNames(node: ts.Node, names: Set<string>): void {
  if (ts.isIdentifier(node)) {
    const { parent } = node;
    const isKey = ts.isPropertyAssignment(parent) && parent.name === node;
    const isProperty = ts.isPropertyAccessExpression(parent) && parent.name === node;
    if (!isKey && !isProperty) names.add(node.text);
  }
  ts.forEachChild(node, (child) => collectNames(child, names));
}

/** TypeScript's errors in files, as `page:line: message`. */
export function typeErrors(files: string[]): { file?: string; line: number; text: string }[] {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    allowJs: true,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start ?? 0).line + 1 : 0;
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    return { file: file?.fileName, line, text };
  });
}
