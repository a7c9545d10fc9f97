// Renders 24 pages with a table of 2,000 rows each to HTML with React, and
// keeps the last ten, as a server with a cache does.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { createElement } = require("react");
const { renderToString } = require("react-dom/server");

const PAGES = 24;
const ROWS = 2_000;

function Row({ row }) {
  return createElement(
    "tr",
    { className: row.id % 2 === 0 ? "even" : "odd", "data-id": row.id },
    row.cells.map((cell, i) => createElement("td", { key: i, style: { width: 10 + i } }, cell)),
  );
}

function Page({ rows, title }) {
  return createElement(
    "main",
    null,
    createElement("h1", null, title),
    createElement(
      "table",
      null,
      createElement("tbody", null, rows.map((row) => createElement(Row, { key: row.id, row }))),
    ),
  );
}

const cached = [];
for (let page = 0; page < PAGES; page++) {
  const rows = Array.from({ length: ROWS }, (_, id) => ({
    id,
    cells: Array.from({ length: 8 }, (_, i) => `page ${page}, row ${id}, column ${i} & more`),
  }));
  cached.push(renderToString(createElement(Page, { rows, title: `Page ${page}` })));
  if (cached.length > 10) cached.shift();
}
if (!cached.at(-1).includes("row 1999")) throw new Error("React did not render the last row");
