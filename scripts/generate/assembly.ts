// Reads assembly/ as the generators need it: record classes, the functions that belong to them, constants, enums.

import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

/** A source file: its path below assembly/, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** A class of fields over a pointer. */
export interface Layout {
  readonly name: string;
  readonly path: string;
  readonly parent: string | undefined;
  /** The comment before it, unchanged; '' without one. */
  readonly comment: string;
  /** Its own fields, not its parent's. */
  readonly fields: readonly (readonly [name: string, type: string])[];
}

/** All that the generators read from assembly/. */
export interface Assembly {
  readonly layouts: ReadonlyMap<string, Layout>;
  /** Parameters of exported functions, by path and name: `core/reduce.ts mean`. */
  readonly functions: ReadonlyMap<string, readonly string[]>;
  /** Exported constants that are a plain number, by path and name. */
  readonly constants: ReadonlyMap<string, number>;
  /** Exported enums: the numbers of their names. */
  readonly enums: ReadonlyMap<string, Readonly<Record<string, number>>>;
}

/** All files of a folder and those below it, by path. */
export function sourcesOf(folder: URL): Source[] {
  return readdirSync(folder, { encoding: 'utf8', recursive: true })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => ({ path, text: readFileSync(new URL(path, folder), 'utf8') }));
}

/** @throws {Error} if two layouts have the same name */
export function readAssembly(sources: readonly Source[]): Assembly {
  const layouts = new Map<string, Layout>();
  const functions = new Map<string, readonly string[]>();
  const constants = new Map<string, number>();
  const enums = new Map<string, Readonly<Record<string, number>>>();
  for (const { path, text } of sources) {
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    for (const node of file.statements) {
      if (ts.isClassDeclaration(node) && isUnmanaged(node)) {
        const layout = layoutOf(node, path, text);
        const other = layouts.get(layout.name);
        if (other) throw new Error(`${path} and ${other.path} both have a class ${layout.name}`);
        layouts.set(layout.name, layout);
      } else if (!isExported(node)) {
        // Not exported: no generator needs it.
      } else if (ts.isFunctionDeclaration(node)) {
        const parameters = node.parameters.map((parameter) => parameter.getText());
        functions.set(`${path} ${node.name?.text}`, parameters);
      } else if (ts.isEnumDeclaration(node)) {
        enums.set(node.name.text, numbersOf(node));
      } else if (ts.isVariableStatement(node)) {
        for (const { name, initializer } of node.declarationList.declarations) {
          if (initializer && ts.isNumericLiteral(initializer))
            constants.set(`${path} ${name.getText()}`, Number(initializer.text));
        }
      }
    }
  }
  return { layouts, functions, constants, enums };
}

const modifiersOf = (node: ts.Statement): readonly ts.ModifierLike[] =>
  'modifiers' in node ? ((node.modifiers as ts.NodeArray<ts.ModifierLike>) ?? []) : [];

const isExported = (node: ts.Statement): boolean =>
  modifiersOf(node).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

const isUnmanaged = (node: ts.ClassDeclaration): boolean =>
  modifiersOf(node).some((modifier) => modifier.getText() === '@unmanaged');

function layoutOf(node: ts.ClassDeclaration, path: string, text: string): Layout {
  const comment = (ts.getLeadingCommentRanges(text, node.pos) ?? [])
    .map(({ pos, end }) => text.slice(pos, end))
    .filter((each) => each.startsWith('/**'))
    .at(-1);
  return {
    name: node.name?.text ?? '',
    path,
    parent: node.heritageClauses?.[0]?.types[0]?.expression.getText(),
    comment: comment ?? '',
    fields: node.members
      .filter(ts.isPropertyDeclaration)
      .map(({ name, type }) => [name.getText(), type?.getText() ?? ''] as const),
  };
}

function numbersOf(node: ts.EnumDeclaration): Record<string, number> {
  let next = 0;
  return Object.fromEntries(
    node.members.map(({ name, initializer }) => {
      if (initializer) next = Number(initializer.getText());
      return [name.getText(), next++];
    }),
  );
}
