// What a Markdown page holds for check-docs.mjs: fenced blocks with the comments before them, links, headings.
//
// Comments that say how the next block is run:
//
//     <!-- setup: code -->         runs before it, in its program: data that readers have and the page has not
//     <!-- new program -->         does not go on where the blocks before it ended
//     <!-- browser -->             runs in Chromium, not in Node
//     <!-- file: worker.js -->     is a file beside the programs, which one of them uses
//     <!-- prints: text -->        its program must print that
//     <!-- not run: why -->        is not run

import MarkdownIt from 'markdown-it';

const words = /^(?:(setup|file|prints|not run):\s*(.+)|(new program|browser))$/s;

/** A page in parts; lines count from 0. @throws for comments that mean nothing */
export function readPage(name, text) {
  const tokens = new MarkdownIt('default', { html: true }).parse(text, {});
  const page = { name, text, lines: text.split('\n').length, blocks: [], links: [], anchors: [] };
  let comments = { prints: [] };
  let line = 0;
  tokens.forEach((token, i) => {
    // Cells of tables have no line of their own: that of their row is the last one.
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

function readComments(where, { content, map }, comments) {
  for (const { 1: comment, index } of content.matchAll(/<!--\s*(.*?)\s*-->/gs)) {
    if (/^\/?bench:/.test(comment)) continue;
    const match = words.exec(comment);
    if (!match) throw new Error(`${where}: '${comment}' is no comment that check-docs.mjs knows`);
    const [, word, value, flag] = match;
    if (flag) comments[flag] = true;
    else if (word === 'prints') comments.prints.push(value);
    else if (word === 'setup') {
      const line = map[0] + content.slice(0, content.indexOf(value, index)).split('\n').length - 1;
      comments.setup = { line, code: value };
    } else comments[word] = value;
  }
}

const linksOf = ({ children }) =>
  children
    .filter(({ type }) => type === 'link_open' || type === 'image')
    .map((token) => token.attrGet('href') ?? token.attrGet('src'));

/** What a link to a heading ends in: its words without marks, as GitHub makes it. */
const anchorOf = ({ children }) =>
  children
    .map(({ content }) => content)
    .join('')
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
