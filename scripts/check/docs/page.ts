// What a Markdown page holds for docs.ts: fenced blocks with the comments before them, links, headings.
//
// Comments that say how the next block is run:
//
//     <!-- setup: code -->         runs before it, in its program: data that readers have and the page has not
//     <!-- new program -->         does not go on where the blocks before it ended
//     <!-- browser -->             runs in Chromium, not in Node
//     <!-- file: worker.js -->     is a file beside the programs, which one of them uses
//     <!-- prints: text -->        its program must print that
//     <!-- not run: why -->        is not run

import MarkdownIt, { type Token } from 'markdown-it';

const words = /^(?:(setup|file|prints|not run):\s*(.+)|(new program|browser))$/s;

/** The comments before a block. */
interface Comments {
  prints: string[];
  setup?: Part;
  file?: string;
  'not run'?: string;
  'new program'?: boolean;
  browser?: boolean;
}

/** Some code, and its line in the page. */
export interface Part {
  line: number;
  code: string;
}

/** A fenced block. */
export interface Block extends Comments, Part {
  page: Page;
  language: string;
}

/** A page in parts; lines count from 0. */
export interface Page {
  name: string;
  text: string;
  /** The number of its lines. */
  lines: number;
  blocks: Block[];
  links: { to: string; line: number }[];
  anchors: string[];
}

/** Reads a page. @throws for unknown comments */
export function readPage(name: string, text: string): Page {
  const tokens = new MarkdownIt('default', { html: true }).parse(text, {});
  const lines = text.split('\n').length;
  const page: Page = { name, text, lines, blocks: [], links: [], anchors: [] };
  let comments: Comments = { prints: [] };
  let line = 0;
  tokens.forEach((token, i) => {
    // Cells of tables have no line: the line of their row is the last one seen.
    line = token.map?.[0] ?? line;
    if (token.type === 'html_block') {
      readComments(`${name}:${line + 1}`, token, comments);
      return;
    }
    if (token.type === 'fence') {
      const [language] = token.info.split(' ');
      page.blocks.push({ ...comments, page, language, line, code: token.content });
    } else if (Object.keys(comments).length > 1 || comments.prints.length > 0) {
      throw new Error(`${name}:${line + 1}: the comment before this belongs to no block`);
    }
    comments = { prints: [] };
    if (token.type === 'inline') {
      page.links.push(...linksOf(token).map((to) => ({ to, line })));
      if (tokens[i - 1].type === 'heading_open') page.anchors.push(anchorOf(token));
    }
  });
  return page;
}

function readComments(where: string, { content, map }: Token, comments: Comments): void {
  for (const { 1: comment, index } of content.matchAll(/<!--\s*(.*?)\s*-->/gs)) {
    if (/^\/?bench:/.test(comment)) continue;
    const match = words.exec(comment);
    if (!match) throw new Error(`${where}: '${comment}' is no comment that docs.ts knows`);
    const [, word, value, flag] = match;
    if (flag) comments[flag as 'browser' | 'new program'] = true;
    else if (word === 'prints') comments.prints.push(value);
    else if (word === 'setup') {
      const line =
        (map?.[0] ?? 0) + content.slice(0, content.indexOf(value, index)).split('\n').length - 1;
      comments.setup = { line, code: value };
    } else comments[word as 'file' | 'not run'] = value;
  }
}

const linksOf = ({ children }: Token): string[] =>
  (children ?? [])
    .filter(({ type }) => type === 'link_open' || type === 'image')
    .map((token) => token.attrGet('href') ?? token.attrGet('src') ?? '');

/** A heading's anchor in links: its words without marks, as on GitHub. */
const anchorOf = ({ children }: Token): string =>
  (children ?? [])
    .map(({ content }) => content)
    .join('')
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
