// The page of a report: all in one file, for phones, screens and paper, in light and dark.

import { COLORS, GRID, INK, NOTE, PAPER } from '../svg.js';
import { type Html, html } from './html.js';

/** A section as it stands in the page; one that is left out has the reason. */
export interface Made {
  readonly title: string;
  readonly body: Html | undefined;
  readonly why: string | undefined;
}

const style = `
:root{color-scheme:light dark;--ground:#f4f5f7;--paper:#fff;--ink:#1a1d21;--note:#59626d;--line:#dfe3e8;--hit:0 114 178;--miss:213 94 0;--cap:.75;--accent:#0072b2}
@media (prefers-color-scheme:dark){:root{--ground:#0e1115;--paper:#171b21;--ink:#e8ebef;--note:#a3adb8;--line:#2c333c;--hit:86 180 233;--miss:240 140 60;--cap:.45;--accent:#6bbcf0}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;-webkit-text-size-adjust:100%}
header,main,footer{max-width:1120px;margin:0 auto;padding:0 20px}
header{padding-top:36px}
h1{margin:0;font-size:1.9rem;line-height:1.2;overflow-wrap:anywhere}
h2{margin:0 0 4px;font-size:1.2rem}
h3{margin:18px 0 6px;font-size:.95rem;font-weight:600}
p{margin:0 0 14px;max-width:70ch}
a{color:var(--accent)}
nav{display:flex;flex-wrap:wrap;gap:6px;margin:18px 0}
nav a{padding:3px 12px;border:1px solid var(--line);border-radius:99px;background:var(--paper);text-decoration:none;font-size:.85rem}
section{margin:0 0 18px;padding:18px 20px;background:var(--paper);border:1px solid var(--line);border-radius:12px}
.note,figcaption,footer,.left-out{color:var(--note);font-size:.85rem}
.left-out{margin:0 0 18px;padding:0 4px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(120px,1fr));gap:10px;margin:20px 0 0}
.figures div{padding:10px 14px;background:var(--paper);border:1px solid var(--line);border-radius:12px}
dt{color:var(--note);font-size:.8rem}
dd{margin:0;font-size:1.25rem;font-weight:600;white-space:nowrap}
img{display:block;max-width:100%;height:auto;border-radius:2px}
.squares{image-rendering:pixelated}
figure{margin:0}
figcaption{margin-top:4px;line-height:1.3;overflow-wrap:anywhere}
figcaption b{color:var(--ink)}
svg{display:block;max-width:100%;height:auto}
svg [fill="${PAPER}"]{fill:none}
svg[fill="${INK}"],svg [fill="${INK}"]{fill:var(--ink)}
svg [fill="${NOTE}"]{fill:var(--note)}
svg [stroke="${GRID}"]{stroke:var(--line)}
svg [stroke="${NOTE}"]{stroke:var(--note)}
svg [stroke="${INK}"]{stroke:var(--ink)}
svg [stroke="${COLORS[0]}"]{stroke:var(--accent)}
svg [fill="${COLORS[0]}"]{fill:var(--accent)}
.row{display:flex;flex-wrap:wrap;gap:18px 20px;align-items:flex-start}
.row>*{min-width:0}
.legends{margin-bottom:14px}
.pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,500px),1fr));gap:4px 32px}
.pair>*{min-width:0}
.key{margin-left:-14px}
.sheet{margin-bottom:12px}
.tall{max-height:640px;overflow-y:auto}
.wide{overflow-x:auto;margin-top:14px}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
th,td{padding:4px 10px;text-align:right;white-space:nowrap}
th[scope=row],thead th:first-child{text-align:left}
thead th{color:var(--note);font-weight:500}
tbody tr{border-top:1px solid var(--line)}
th[scope=row]{max-width:240px;overflow:hidden;font-weight:500;text-overflow:ellipsis}
.matrix th,.matrix td{padding:3px 4px;min-width:30px;text-align:center}
.matrix tbody tr{border:0}
.matrix th[scope=row]{padding-right:8px;text-align:right}
.matrix thead th{vertical-align:bottom;text-align:center}
.matrix thead span{overflow:hidden;max-height:120px;text-overflow:ellipsis;writing-mode:vertical-rl;transform:rotate(180deg)}
.matrix .corner{vertical-align:bottom;color:var(--note);font-size:.75rem}
.matrix tbody td{border:1px solid var(--paper);border-radius:3px}
.hit{background:rgb(var(--hit)/calc(var(--share)*var(--cap)))}
.miss{background:rgb(var(--miss)/calc(var(--share)*var(--cap)))}
.bars td{position:relative;min-width:86px}
.bar{position:absolute;left:10px;right:10px;bottom:1px;height:3px;border-radius:2px;background:linear-gradient(90deg,var(--accent) calc(100%*var(--share)),var(--line) 0)}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(104px,1fr));gap:14px 12px}
.mistake span{display:block}
.said{color:var(--ink);font-weight:600}
.strip{display:flex;gap:8px;min-width:0}
.reason{margin-top:8px}
.reason .strip{display:grid;grid-template-columns:repeat(8,minmax(0,150px))}
.near{display:flex;gap:16px;margin-top:16px;padding-top:14px;border-top:1px solid var(--line)}
.strip figcaption{font-size:.75rem}
.near figcaption{overflow:hidden;margin-top:2px;font-size:.75rem;text-align:center;text-overflow:ellipsis;white-space:nowrap}
.near>div:first-child{flex:0 0 56px}
.lines{display:grid;grid-template-columns:auto 1fr;gap:6px 12px;min-width:0}
.lines figure{flex:0 1 56px;min-width:0}
.by,.unit>span{color:var(--note);font-size:.8rem;align-self:center}
.other img{outline:2px dashed rgb(var(--miss));outline-offset:1px}
.unit{display:flex;gap:12px;margin-top:8px}
.unit>span{flex:0 0 62px}
.unit img{flex:0 1 56px;min-width:0;background:repeating-conic-gradient(var(--line) 0 25%,transparent 0 50%) 0 0/10px 10px}
.plane{width:min(100%,760px);margin:0 auto}
.plane image{image-rendering:auto}
.name{font:600 19px system-ui,sans-serif;fill:var(--ink);stroke:var(--paper);stroke-width:5px;paint-order:stroke;stroke-linejoin:round}
footer{padding:6px 20px 36px}
@media (max-width:600px){.name{font-size:30px}header,main,footer{padding-left:12px;padding-right:12px}section{padding:14px 12px}h1{font-size:1.5rem}.lines{grid-template-columns:1fr}.reason .strip{grid-template-columns:repeat(4,1fr)}.near{gap:10px}.strip{gap:5px}.figures{grid-template-columns:repeat(3,1fr);gap:6px}.figures div{padding:8px 9px}dd{font-size:1.02rem}.matrix th,.matrix td{min-width:26px;padding:3px 1px;font-size:.75rem}.matrix th[scope=row]{padding-right:5px}}
@media print{@page{margin:12mm}:root{color-scheme:light;--ground:#fff;--paper:#fff;--ink:#000;--note:#444;--line:#ccc;--hit:0 114 178;--miss:213 94 0;--cap:.75;--accent:#0072b2}body{font-size:11pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}header,main,footer{max-width:none;padding:0}nav{display:none}section{border:0;padding:0}.tall{max-height:none;overflow:visible}.wide{overflow:visible}p,.reason,.near,.unit,.card,figure,img,svg,table,.key{break-inside:avoid}.tall table{break-inside:auto}tr{break-inside:avoid}h2,h3,p,.legends{break-after:avoid}th,td{padding:3px 7px}.bars td{min-width:60px}.row>svg{width:calc((100% - 40px)/3)}.strip figcaption{font-size:.62rem}.matrix th,.matrix td{min-width:22px;padding:3px 2px;font-size:.7rem}.figures{grid-template-columns:repeat(6,1fr)}.figures div{padding:6px 8px}dd{font-size:1rem}.pair{grid-template-columns:repeat(2,1fr)}.plane{width:160mm}.grid{grid-template-columns:repeat(8,1fr)}}
`;

const idOf = (title: string): string => title.toLowerCase().replace(/[^a-z0-9]+/g, '-');

function sectionOf({ title, body, why }: Made): Html {
  if (!body) return html`<p class="left-out">No “${title}”: ${why ?? ''}.</p>`;
  return html`<section id="${idOf(title)}"><h2>${title}</h2>${body}</section>`;
}

/** All of the file. @param about a line below the title */
export function page(
  title: string,
  about: string,
  figures: Html,
  sections: readonly Made[],
  end: string,
): string {
  const links = sections
    .filter(({ body }) => body)
    .map((one) => html`<a href="#${idOf(one.title)}">${one.title}</a>`);
  // What is left out is said at the end, not in the way.
  const made = sections.filter(({ body }) => body);
  const left = sections.filter(({ body }) => !body);
  const { text } =
    html`<body><header><h1>${title}</h1><p class="note">${about}</p>${figures}<nav aria-label="Sections">${links}</nav></header>
<main>${[...made, ...left].map(sectionOf)}</main><footer>${end}</footer></body>`;
  const head = html`<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title>`;
  return `<!doctype html>\n<html lang="en"><head>${head.text}<style>${style}</style></head>\n${text}</html>\n`;
}
