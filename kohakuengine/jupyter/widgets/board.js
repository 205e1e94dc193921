/* The live board of runs: one plain ES module, with no build step and no network.
 *
 * It is fed by a small model, which an anywidget is, and which a web page can make itself:
 *
 *   get(name)      "state": the whole state when the page is loaded (see Board.load)
 *   on(event, f)   "msg:custom": f(message) for each message; off(event, f) undoes that
 *   send(message)  asks for something
 *
 * Messages that come, by their `kind`:
 *   state     {state}: the whole of it, anew
 *   delta     {v, t, live, rows?, flows?, logs?, curves?, details?}: what has changed; `v` counts by one.
 *             A row is {n, ...}: its number, and what is new of it: id, flow, pos, name, script, p
 *             (parameters), c (created), st (status), b and e (began, ended, in unix seconds), a
 *             (attempts), s (slot), err, m (metrics), pr (progress, 0 to 1), live (its last line)
 *   details   {details}, sparks {sparks}: answers;  selected {runs, view}: by another view
 *   said      {text, fault}: a sentence;  ask {text, again, view}: a question before `again` is sent
 *
 * What is asked for, by `do`: hello {v}, see {view, rows}, logs {view, runs, lines}, curves {view, runs},
 * open {run}, sparks {runs}, select {view, runs}, stop {view, runs or null}, retry {runs or null},
 * pause, unpause, refresh, bye {view}.
 *
 * Whatever a script says is put into the page as text, never as HTML.
 */

const ROW = 28; // height of a row, in pixels
const EXTRA = 6; // rows drawn above and below those that are seen
const MOST_PARAMS = 12;
const MOST_METRICS = 6;
const SPARK = 32; // points of a sparkline
const CURVE = 4000; // points of a curve, after which every second is left out
const CHARTS = 12;
const ENDED = new Set(["finished", "failed", "timed_out", "cancelled", "interrupted"]);
const GLYPHS = {
  queued: "○", running: "●", finished: "✓", failed: "✗", timed_out: "✗", cancelled: "■", interrupted: "▲",
};
const ORDER = ["running", "queued", "failed", "timed_out", "interrupted", "cancelled", "finished"];
const SVG = "http://www.w3.org/2000/svg";
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

// ---- small things ----

/** An element: its attributes, and texts or elements in it. Texts are texts, whatever is in them. */
function el(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  setAll(made, attributes);
  made.append(...inside.filter((item) => item != null));
  return made;
}

function svg(name, attributes = {}, ...inside) {
  const made = document.createElementNS(SVG, name);
  setAll(made, attributes);
  made.append(...inside);
  return made;
}

function setAll(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setAttribute(element, name, value) {
  if (value == null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** A number that came as text, since JSON has no word for it. */
function number(value) {
  if (typeof value === "number") return value;
  if (value === "inf") return Infinity;
  return value === "-inf" ? -Infinity : NaN;
}

export function numberText(value) {
  if (typeof value !== "number") return String(value ?? "");
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(3);
  return String(+value.toPrecision(size < 0.01 ? 4 : 5));
}

export function durationText(seconds) {
  if (seconds == null || Number.isNaN(seconds)) return "";
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h${two(Math.floor(whole / 60) % 60)}m`;
  return `${Math.floor(whole / 86400)}d${two(Math.floor(whole / 3600) % 24)}h`;
}

function statusText(status) {
  return (status || "").replace("_", " ");
}

function shortened(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

// ---- the colours of a terminal ----

const CODE = /\x1b\[([0-9;:]*)m/g;
const CONTROL = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])?/g;
const FLAGS = { 1: "bold", 2: "faint", 3: "italic", 4: "underline", 9: "struck" };

export function plain(text) {
  return text.includes("\x1b") ? text.replace(CONTROL, "") : text;
}

/** Pieces of a line, each with its classes and colours. */
export function ansiPieces(text) {
  if (!text.includes("\x1b")) return [{ text, classes: [], style: {} }];
  const pieces = [];
  let state = {};
  let end = 0;
  const push = (part) => {
    const shown = plain(part);
    if (shown) pieces.push({ text: shown, ...styled(state) });
  };
  for (const found of text.matchAll(CODE)) {
    push(text.slice(end, found.index));
    state = changed(state, found[1]);
    end = found.index + found[0].length;
  }
  push(text.slice(end));
  return pieces;
}

function styled(state) {
  const classes = Object.values(FLAGS).filter((flag) => state[flag]).map((flag) => `kb-${flag}`);
  const [front, back] = state.inverse ? [state.back ?? "back", state.front ?? "front"] : [state.front, state.back];
  const style = {};
  for (const [colour, kind, property] of [[front, "fg", "color"], [back, "bg", "backgroundColor"]]) {
    if (colour == null) continue;
    if (String(colour).startsWith("#")) style[property] = colour;
    else classes.push(`kb-${kind}-${colour}`);
  }
  return { classes, style };
}

function changed(state, codes) {
  const numbers = codes.replaceAll(":", ";").split(";").map((code) => Number(code || 0));
  state = { ...state };
  while (numbers.length) {
    const code = numbers.shift();
    if (code === 0) state = {};
    else if (FLAGS[code]) state[FLAGS[code]] = true;
    else if (code === 7) state.inverse = true;
    else if (code === 27) state.inverse = false;
    else if (code === 22) state.bold = state.faint = false;
    else if (code === 23) state.italic = false;
    else if (code === 24) state.underline = false;
    else if (code === 29) state.struck = false;
    else if (code === 39) delete state.front;
    else if (code === 49) delete state.back;
    else if (code === 38 || code === 48) {
      const colour = extended(numbers);
      if (colour != null) state[code === 38 ? "front" : "back"] = colour;
    } else if ((code >= 30 && code < 38) || (code >= 90 && code < 98)) {
      state.front = (code % 10) + (code >= 90 ? 8 : 0);
    } else if ((code >= 40 && code < 48) || (code >= 100 && code < 108)) {
      state.back = (code % 10) + (code >= 100 ? 8 : 0);
    }
  }
  return state;
}

function extended(numbers) {
  const hex = (value) => Math.min(255, value || 0).toString(16).padStart(2, "0");
  const kind = numbers.shift();
  if (kind === 2) return `#${numbers.splice(0, 3).map(hex).join("").padEnd(6, "0")}`;
  if (kind !== 5 || !numbers.length) return null;
  const of256 = numbers.shift();
  if (of256 < 16) return of256;
  if (of256 >= 232) return of256 < 256 ? `#${hex((of256 - 232) * 10 + 8).repeat(3)}` : null;
  const part = (size) => Math.floor((of256 - 16) / size) % 6;
  return `#${[36, 6, 1].map((size) => hex(part(size) ? part(size) * 40 + 55 : 0)).join("")}`;
}

// ---- what is known: one for each model, however many views there are ----

export class Board {
  constructor(model) {
    this.model = model;
    this.views = new Set();
    // What the views were like, for one that takes the place of another.
    this.kept = { sort: null, filter: "", active: null, chosen: null, tab: "log", open: false, top: 0, follow: true, log: false };
    // What is saved with a notebook, where widgets' states are: it is kept up to date.
    this.saved = model.get("state") || {};
    this.load({ ...this.saved });
    this._hear = (message) => this.hear(message);
    model.on("msg:custom", this._hear);
    this.send({ do: "hello", v: this.version });
  }

  close() {
    this.model.off?.("msg:custom", this._hear);
  }

  send(message) {
    try {
      this.model.send(message);
    } catch {
      // The kernel is gone: what is known stays to be looked at.
    }
  }

  /** Take a whole state: {v, t, live, rows, flows, selected, store, last}. */
  load(state) {
    this.version = state.v ?? -1;
    this.live = Boolean(state.live);
    this.wasLive ||= this.live;
    this.last = /^[0-9a-f]+$/.test(state.last) ? state.last : null;
    this.rows = [];
    this.byId = new Map();
    this.flows = state.flows || {};
    this.selected = new Set(state.selected || []);
    this.params = new Map();
    this.metrics = new Map();
    this.counts = new Map();
    this.sparks = new Map();
    this.sparksAsked = new Set();
    this.logs ??= new Map();
    this.curves ??= new Map();
    this.details ??= new Map();
    this.texts = new WeakMap(); // by row, the text in which a filter looks
    this.note(state.t);
    for (const row of state.rows || []) this.take(row);
    Object.assign(this.saved, state, { rows: this.rows, flows: this.flows });
  }

  /** Take in by how much the kernel's clock differs from the page's. */
  note(time) {
    if (time) this.offset = time - Date.now() / 1000;
  }

  get now() {
    return Date.now() / 1000 + (this.offset || 0);
  }

  hear(message) {
    if (message.kind === "state") {
      this.load(message.state);
      this.tell("all");
    } else if (message.kind === "delta") {
      if (message.v <= this.version) return; // of before the state that we have
      if (message.v !== this.version + 1) {
        this.send({ do: "hello", v: -1, all: true });
        return;
      }
      this.version = message.v;
      this.delta(message);
    } else if (message.kind === "details") {
      this.takeDetails(message.details);
    } else if (message.kind === "sparks") {
      for (const { id, m } of message.sparks) this.takeSpark(id, m);
      this.tell("rows");
    } else if (message.kind === "selected") {
      this.selected = new Set(message.runs);
      this.tell("selected", message.view);
    } else if (message.kind === "said" || message.kind === "ask") {
      this.tell(message.kind, message);
    }
  }

  delta(message) {
    this.note(message.t);
    const wasLive = this.live;
    this.live = message.live;
    this.wasLive ||= this.live;
    Object.assign(this.saved, { v: message.v, t: message.t, live: message.live });
    for (const change of message.rows || []) this.take(change);
    Object.assign(this.flows, message.flows || {});
    if (message.rows || message.flows || wasLive !== this.live) this.tell("rows", message.rows);
    for (const part of message.logs || []) this.takeLog(part);
    if (message.logs) this.tell("logs", message.logs);
    for (const part of message.curves || []) this.takeCurve(part);
    if (message.curves) this.tell("curves");
    if (message.details) this.takeDetails(message.details);
  }

  tell(what, more) {
    for (const view of this.views) view.hear(what, more);
  }

  take(change) {
    let row = this.rows[change.n];
    const before = row?.st;
    if (!row) {
      row = this.rows[change.n] = { m: {}, p: {} };
      this.byId.set(change.id, row);
      for (const [name, value] of Object.entries(change.p || {})) this.takeParam(name, value);
    }
    if (change.m) this.takeMetrics(row, change);
    if ("a" in change && row.a && change.a !== row.a) {
      row.pr = row.live = null; // of the attempt before
      this.sparks.delete(row.id);
    }
    Object.assign(row, change);
    this.texts.delete(row);
    if (before !== row.st) {
      if (before) this.counts.set(before, this.counts.get(before) - 1);
      this.counts.set(row.st, (this.counts.get(row.st) || 0) + 1);
    }
  }

  takeParam(name, value) {
    const known = this.params.get(name);
    if (!known) this.params.set(name, { count: 1, value, varies: false });
    else {
      known.count += 1;
      known.varies ||= known.value !== value;
    }
  }

  takeMetrics(row, change) {
    const isRunning = (change.st ?? row.st) === "running";
    for (const [name, value] of Object.entries(change.m)) {
      if (!(name in row.m)) this.metrics.set(name, (this.metrics.get(name) || 0) + 1);
      if (row.m[name] !== value && (isRunning || row.id)) this.addToSpark(change.id ?? row.id, name, value);
    }
  }

  addToSpark(id, name, value) {
    let known = this.sparks.get(id);
    if (!known) this.sparks.set(id, (known = {}));
    const points = (known[name] ??= []);
    points.push(number(value));
    if (points.length > SPARK) points.shift();
  }

  takeSpark(id, metrics) {
    const known = {};
    for (const [name, values] of Object.entries(metrics)) known[name] = values.map(number).slice(-SPARK);
    this.sparks.set(id, known);
  }

  takeLog(part) {
    let log = this.logs.get(part.id);
    if (!log || part.reset) {
      log = { lines: [], first: 0, start: 0, generation: (log?.generation ?? 0) + 1 };
      this.logs.set(part.id, log);
    }
    if (part.dropped && !part.reset) log.lines.push(`… ${part.dropped} lines not shown …`);
    for (const line of part.lines) log.lines.push(line);
    log.live = part.live;
    log.attempt = part.attempt;
    log.most = part.most;
    const over = log.lines.length - Math.max(part.most, 4000);
    if (over > 0) {
      log.lines.splice(0, over);
      log.first += over;
    }
  }

  takeCurve(part) {
    let curve = this.curves.get(part.id);
    if (!curve || part.reset) this.curves.set(part.id, (curve = {}));
    for (const [name, points] of Object.entries(part.points)) {
      const known = (curve[name] ??= []);
      for (const [step, value] of points) {
        known.push([step == null ? (known.length ? known[known.length - 1][0] + 1 : 0) : number(step), number(value)]);
      }
      if (known.length > CURVE) curve[name] = known.filter((_, place) => place % 2 === 0);
    }
  }

  takeDetails(details) {
    for (const detail of details) this.details.set(detail.id, detail);
    this.tell("details");
  }

  /** What a run is called: its name, unless that is but its script's. */
  label(row) {
    const name = row.name || "";
    const stem = (row.script || "").replace(/\.[^.]*$/, "");
    return !name || name === row.script || name === stem ? row.id.slice(0, 8) : shortened(name, 200);
  }

  /** The same for a table, which shows the parameters anyway. */
  shortLabel(row) {
    const repeats = Object.keys(row.p).some((name) => row.name.startsWith(`${name}=`));
    return repeats ? row.id.slice(0, 8) : this.label(row);
  }

  seconds(row) {
    if (row.b == null) return null;
    const end = row.e ?? (row.st === "running" ? this.now : row.b);
    return Math.max(0, end - row.b);
  }

  /** The text in which a filter looks. */
  text(row) {
    let text = this.texts.get(row);
    if (text == null) {
      const pairs = Object.entries(row.p).map(([name, value]) => `${name}=${value}`);
      text = [row.name, row.id, statusText(row.st), row.st, row.script, row.err, ...pairs].join("\n").toLowerCase();
      this.texts.set(row, text);
    }
    return text;
  }

  varying() {
    const total = this.byId.size;
    return [...this.params].filter(([, p]) => total < 2 || p.varies || p.count < total).map(([name]) => name);
  }
}

// ---- filters ----

const OPERATORS = {
  "<": (a, b) => a < b, ">": (a, b) => a > b, "<=": (a, b) => a <= b, ">=": (a, b) => a >= b,
  "=": (a, b) => a === b, "!=": (a, b) => a !== b,
};

/** A filter: words that must all be there, and comparisons such as lr<0.1 or status=failed. */
export function filterOf(text, board) {
  const tests = (text.match(/"[^"]*"|\S+/g) || []).map((word) => testOf(word, board));
  return (row) => tests.every((test) => test(row));
}

function testOf(word, board) {
  const found = /^([^<>=!"]+)(<=|>=|!=|=|<|>)(.+)$/.exec(word);
  const bare = word.replaceAll('"', "").toLowerCase();
  if (!found) return (row) => board.text(row).includes(bare);
  const [, name, operator, wanted] = found;
  const aim = Number(wanted);
  const compare = OPERATORS[operator];
  return (row) => {
    const value = valueOf(row, name, board);
    if (value === undefined) return operator === "=" && board.text(row).includes(bare);
    if (typeof value === "number" && !Number.isNaN(aim)) return compare(value, aim);
    return compare(String(value).toLowerCase(), wanted.toLowerCase());
  };
}

function valueOf(row, name, board) {
  if (name in row.p) return row.p[name];
  if (name in row.m) return number(row.m[name]);
  if (name === "status") return row.st;
  if (name === "time" || name === "duration") return board.seconds(row) ?? undefined;
  return { slot: row.s, attempts: row.a, name: row.name, script: row.script }[name] ?? undefined;
}

// ---- columns ----

function columnsOf(board) {
  const several = (key) => {
    let first;
    for (const row of board.rows) if (row && (first ??= row[key]) !== row[key]) return true;
    return false;
  };
  const columns = [
    { key: "run", name: "run", kind: "text", width: 110, get: (row) => board.shortLabel(row) },
    { key: "status", name: "status", kind: "status", width: 120, get: (row) => ORDER.indexOf(row.st) },
  ];
  if (board.wasLive) { // and once it is there it stays, so that nothing moves when all has ended
    columns.push({ key: "progress", name: "progress", kind: "progress", width: 104, get: (row) => row.pr ?? undefined });
  }
  if (several("script")) columns.push({ key: "script", name: "script", kind: "text", width: 120, get: (row) => row.script });
  if (Object.keys(board.flows).length > 1) {
    const name = (row) => board.flows[row.flow]?.name || (row.flow || "").slice(0, 8);
    columns.push({ key: "flow", name: "flow", kind: "text", width: 110, get: name });
  }
  for (const name of board.varying().slice(0, MOST_PARAMS)) {
    columns.push({ key: `p:${name}`, name, kind: "param", width: 84, get: (row) => row.p[name] });
  }
  const metrics = [...board.metrics].sort((a, b) => b[1] - a[1]).slice(0, MOST_METRICS);
  for (const [name] of metrics) {
    const get = (row) => (name in row.m ? number(row.m[name]) : undefined);
    columns.push({ key: `m:${name}`, name, metric: name, kind: "metric", width: 136, get });
  }
  columns.push({ key: "time", name: "time", kind: "time", width: 76, get: (row) => board.seconds(row) ?? undefined });
  columns.push({ key: "slot", name: "slot", kind: "count", width: 56, get: (row) => row.s ?? undefined });
  if (board.rows.some((row) => row && row.a > 1)) {
    columns.push({ key: "tries", name: "tries", kind: "count", width: 60, get: (row) => row.a });
  }
  for (const column of columns) {
    if (column.kind !== "param" && column.kind !== "text") continue;
    let longest = column.name.length + 3;
    column.isNumber = column.kind === "param";
    for (const row of board.rows.slice(0, 200)) {
      if (!row) continue;
      longest = Math.max(longest, Math.min(26, cellText(column, row, board).length));
      column.isNumber &&= typeof (column.get(row) ?? 0) === "number";
    }
    column.width = Math.max(64, Math.min(210, longest * 7.4 + 20));
  }
  return columns;
}

function cellText(column, row, board) {
  const value = column.get(row);
  if (value == null) return "";
  if (column.kind === "time") return durationText(value);
  return typeof value === "number" ? numberText(value) : shortened(String(value), 300);
}

function compareValues(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b || Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  if (typeof a === "number") return -1;
  if (typeof b === "number") return 1;
  return collator.compare(String(a), String(b));
}

/** Rows in an order; those that have no value come last, whichever way it goes. */
export function sorted(rows, column, descending) {
  const keys = new Map(rows.map((row) => [row, column.get(row)]));
  const lacks = (value) => value == null || (typeof value === "number" && Number.isNaN(value));
  const sign = descending ? -1 : 1;
  return [...rows].sort((one, other) => {
    const a = keys.get(one);
    const b = keys.get(other);
    if (lacks(a) || lacks(b)) return Number(lacks(a)) - Number(lacks(b)) || one.n - other.n;
    return sign * compareValues(a, b) || one.n - other.n;
  });
}

// ---- one row that is drawn ----

class DrawnRow {
  constructor(view) {
    this.view = view;
    this.box = el("input", { type: "checkbox", tabindex: "-1" });
    this.node = el("div", { role: "row", class: "kb-row" });
    this.cells = [];
    this.node.append(el("div", { role: "gridcell", class: "kb-cell kb-box", "aria-colindex": 1 }, this.box));
    view.columns.forEach((column, place) => {
      const cell = CELLS[column.kind]?.(column) || textCell(column);
      cell.node.setAttribute("aria-colindex", place + 2);
      this.cells.push(cell);
      this.node.append(cell.node);
    });
  }

  show(row, place) {
    const { board, kept } = this.view;
    this.row = row;
    this.node.id = this.view.rowId(row);
    this.node.style.transform = `translateY(${place * ROW}px)`;
    setAttribute(this.node, "aria-rowindex", place + 2);
    const isSelected = board.selected.has(row.id);
    setAttribute(this.node, "aria-selected", isSelected);
    this.node.classList.toggle("kb-active", row.id === kept.active);
    this.node.classList.toggle("kb-chosen", row.id === kept.chosen);
    this.box.checked = isSelected;
    setAttribute(this.box, "aria-label", `select ${board.label(row)}`);
    this.view.columns.forEach((column, at) => this.cells[at].show(row, column, board));
  }
}

function cellNode(column, ...inside) {
  return el("div", { role: "gridcell", class: `kb-cell kb-${column.kind}` }, ...inside);
}

function textCell(column) {
  const node = cellNode(column);
  const show = (row, column, board) => {
    const text = cellText(column, row, board);
    setText(node, text);
    if (column.kind === "text" || column.kind === "param") {
      setAttribute(node, "title", column.key === "run" ? `${row.name}\n${row.id}` : text);
      node.classList.toggle("kb-number", Boolean(column.isNumber));
    }
  };
  return { node, show };
}

const CELLS = {
  status: (column) => {
    const glyph = el("span", { "aria-hidden": "true", class: "kb-glyph" });
    const text = el("span");
    const node = cellNode(column, glyph, text);
    const show = (row) => {
      setText(glyph, GLYPHS[row.st] || "?");
      setText(text, statusText(row.st));
      setAttribute(node, "data-status", row.st);
      setAttribute(node, "title", row.err ? shortened(row.err, 500) : null);
    };
    return { node, show };
  },
  progress: (column) => {
    const fill = el("div", { class: "kb-fill" });
    const bar = el("div", { class: "kb-bar", "aria-hidden": "true" }, fill);
    const text = el("span");
    const node = cellNode(column, bar, text);
    const show = (row) => {
      const is = row.st === "running" && row.pr != null;
      bar.hidden = !is;
      if (is) fill.style.transform = `scaleX(${row.pr})`;
      setText(text, is ? `${Math.floor(row.pr * 100)}%` : row.st === "running" ? shortened(row.live || "", 40) : "");
      setAttribute(node, "title", row.live ? shortened(row.live, 300) : null);
    };
    return { node, show };
  },
  metric: (column) => {
    const line = svg("polyline", { fill: "none" });
    const picture = svg("svg", { class: "kb-spark", viewBox: "0 0 54 18", "aria-hidden": "true" }, line);
    const text = el("span");
    const node = cellNode(column, text, picture);
    let drawn;
    const show = (row, column, board) => {
      setText(text, cellText(column, row, board));
      const points = board.sparks.get(row.id)?.[column.metric];
      const key = points ? `${row.id} ${points.length} ${points[0]} ${points[points.length - 1]}` : "";
      if (key === drawn) return;
      drawn = key;
      setAttribute(line, "points", points && points.length > 1 ? sparkPoints(points) : "");
    };
    return { node, show };
  },
};

function sparkPoints(values) {
  const finite = values.filter(Number.isFinite);
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const step = 52 / (values.length - 1);
  return values
    .map((value, place) => [1 + place * step, high > low ? 16 - ((value - low) / (high - low)) * 14 : 9])
    .filter(([, y]) => Number.isFinite(y))
    .map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`)
    .join(" ");
}

// ---- one view ----

let views = 0;

export class View {
  constructor(board, root) {
    this.board = board;
    this.kept = board.kept;
    this.id = `v${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
    this.prefix = `kb${++views}`;
    this.order = [];
    this.drawn = new Map();
    this.free = [];
    this.columns = [];
    this.anchor = null;
    this.stale = { order: true, columns: true };
    this.panes = [];
    this.timings = {}; // of the last sort, filter and drawing, in milliseconds
    this.root = el("div", { class: "kogine-board", "data-lm-suppress-shortcuts": "true" });
    root.append(this.root);
    if (board.last) this.root.append(this.hideLast(board.last));
    this.build();
    this.watchTheme();
    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(this.root);
    this.resized.observe(this.scroller);
    this.clock = setInterval(() => board.live && this.draw(), 1000);
    board.views.add(this);
    this.restore();
  }

  /** Hide the plain table of the last state, which is there for pages that can't make a board. */
  hideLast(token) {
    const table = `.kogine-last-${token}`;
    return el("style", {}, `${table}, .jp-OutputArea-child:has(${table}) { display: none !important; }`);
  }

  remove() {
    this.board.views.delete(this);
    this.board.send({ do: "bye", view: this.id });
    this.resized.disconnect();
    this.theme.disconnect();
    this.media.removeEventListener("change", this.setTheme);
    clearInterval(this.clock);
    clearTimeout(this.later);
    cancelAnimationFrame(this.frame);
    this.root.remove();
  }

  hear(what, more) {
    if (what === "said") this.say(more.text, more.fault);
    else if (what === "ask") {
      if (more.view === this.id) this.ask(more.text, () => this.send(more.again));
    } else if (what === "logs") this.panes.forEach((pane) => pane.hear?.(more));
    else if (what === "curves") this.drawCurves();
    else if (what === "details") this.drawFacts();
    else {
      this.stale.columns = true;
      if (what === "all") {
        this.stale.order = true;
        this.logsKey = this.curvesKey = null; // what was lost is asked for anew
        this.showDetail();
      }
      this.resortSoon(more);
      this.draw();
      if (what === "selected") this.selectionChanged();
    }
  }

  send(message) {
    this.board.send({ ...message, view: this.id });
  }

  rowId(row) {
    return `${this.prefix}-r${row.n}`;
  }

  // ---- what stands where ----

  build() {
    this.totals = el("div", { class: "kb-totals" });
    this.announced = el("div", { class: "kb-unseen", "aria-live": "polite", role: "status" });
    this.overall = el("progress", { class: "kb-overall", "aria-label": "runs that have ended" });
    this.filter = el("input", {
      type: "search", class: "kb-filter", "aria-label": "filter runs", spellcheck: "false",
      placeholder: "filter: adam lr<0.1 status=failed", oninput: () => this.setFilter(this.filter.value),
    });
    const button = (text, title, onclick) => el("button", { type: "button", title, onclick }, text);
    this.pauseButton = button("Pause", "begin no further runs", () => this.pause());
    this.stopButton = button("Stop all", "end the runs that go on, and begin no others", () => this.stop(null));
    this.retryButton = button("Retry failed", "run again what didn't finish", () => this.retryAll());
    this.selectedText = el("span", { class: "kb-selected-text" });
    this.compareButton = button("Compare", "two runs side by side", () => this.showTab("compare"));
    this.selection = el(
      "div", { class: "kb-selection", role: "group", "aria-label": "selected runs" },
      this.selectedText,
      this.compareButton,
      button("Curves", "the metrics of the selected runs", () => this.showTab("curves")),
      button("Stop", "end the selected runs", () => this.stop(this.chosenIds())),
      button("Retry", "run again those of them that didn't finish", () => this.retry(this.chosenIds())),
      button("Clear", "select none", () => this.select([])),
    );
    this.message = el("div", { class: "kb-message", role: "status" });
    this.dialog = el("div", { class: "kb-dialog", role: "alertdialog", "aria-label": "please confirm", hidden: true });
    this.buildGrid();
    this.buildDetail();
    this.root.append(
      el("div", { class: "kb-top" }, this.totals, this.overall,
        el("div", { class: "kb-actions", role: "group", "aria-label": "all runs" }, this.pauseButton, this.stopButton, this.retryButton)),
      el("div", { class: "kb-tools" }, this.filter, this.selection),
      this.announced, this.message, this.dialog,
      (this.main = el("div", { class: "kb-main" }, this.scroller, this.detail)),
    );
    // Keys are ours here, not those of the notebook around.
    this.root.addEventListener("keydown", (event) => event.stopPropagation());
  }

  buildGrid() {
    this.head = el("div", { role: "row", class: "kb-head", "aria-rowindex": 1 });
    this.body = el("div", { role: "rowgroup", class: "kb-body" });
    this.none = el("div", { class: "kb-none" });
    this.grid = el(
      "div",
      { role: "grid", class: "kb-grid", tabindex: 0, "aria-label": "runs", "aria-multiselectable": "true", onkeydown: (event) => this.key(event) },
      el("div", { role: "rowgroup", class: "kb-headgroup" }, this.head),
      this.body,
    );
    this.scroller = el("div", { class: "kb-scroller" }, this.grid, this.none);
    this.scroller.addEventListener("scroll", () => { this.kept.top = this.scroller.scrollTop; this.draw(); }, { passive: true });
    this.body.addEventListener("click", (event) => this.click(event));
    this.body.addEventListener("pointerdown", () => this.hold());
  }

  /** From a press to its click nothing is put elsewhere: who presses a row means that one. */
  hold() {
    this.isHeld = true;
    const end = () => {
      for (const name of ["pointerup", "pointercancel"]) removeEventListener(name, end, true);
      setTimeout(() => { // the click comes first
        this.isHeld = false;
        this.draw();
      });
    };
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, end, true);
  }

  restore() {
    this.filter.value = this.kept.filter;
    this.redraw();
    this.scroller.scrollTop = this.kept.top;
    this.showDetail();
    this.selectionChanged();
  }

  watchTheme() {
    this.media = matchMedia("(prefers-color-scheme: dark)");
    this.setTheme = () => {
      const { jpThemeLight, vscodeThemeKind, theme } = document.body.dataset;
      const said = jpThemeLight != null ? jpThemeLight === "false"
        : vscodeThemeKind != null ? /dark|high-contrast$/.test(vscodeThemeKind)
        : (theme ?? document.documentElement.dataset.theme) != null
          ? (theme ?? document.documentElement.dataset.theme) === "dark"
          : this.media.matches;
      this.root.dataset.theme = said ? "dark" : "light";
    };
    this.media.addEventListener("change", this.setTheme);
    this.theme = new MutationObserver(this.setTheme);
    for (const node of [document.body, document.documentElement]) {
      this.theme.observe(node, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind", "data-theme", "class"] });
    }
    this.setTheme();
  }

  resize() {
    this.root.classList.toggle("kb-wide", this.root.clientWidth >= 1100);
    this.root.classList.toggle("kb-narrow", this.root.clientWidth < 700);
    this.draw();
  }

  // ---- drawing ----

  draw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.redraw();
    });
  }

  redraw() {
    const began = performance.now();
    if (this.stale.columns && !this.isHeld) this.setColumns();
    if (this.stale.order && !this.isHeld) this.setOrder();
    this.drawRows();
    this.drawTotals();
    this.timings.draw = performance.now() - began;
    this.drawings = (this.drawings || 0) + 1;
  }

  setColumns() {
    this.stale.columns = false;
    const columns = columnsOf(this.board);
    const sign = JSON.stringify(columns.map(({ key, width, isNumber }) => [key, Math.round(width / 8), isNumber]));
    if (sign === this.sign) return;
    this.sign = sign;
    this.columns = columns;
    for (const drawn of [...this.drawn.values(), ...this.free]) drawn.node.remove();
    this.drawn.clear();
    this.free = [];
    const template = ["34px", ...columns.map(({ width }) => `${Math.round(width)}px`)].join(" ");
    this.grid.style.setProperty("--kb-columns", template);
    this.grid.style.setProperty("--kb-width", `${34 + columns.reduce((sum, { width }) => sum + Math.round(width), 0)}px`);
    setAttribute(this.grid, "aria-colcount", columns.length + 1);
    this.buildHead();
  }

  buildHead() {
    const focused = this.head.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.allBox = el("input", {
      type: "checkbox", "aria-label": "select all runs that are shown",
      onchange: () => this.select(this.allBox.checked ? this.order.map((row) => row.id) : []),
    });
    this.heads = this.columns.map((column, place) => {
      const arrow = el("span", { "aria-hidden": "true", class: "kb-arrow" });
      const button = el(
        "button", { type: "button", title: `sort by ${column.name}`, "data-key": column.key, onclick: () => this.sortBy(column.key) },
        el("span", { class: "kb-headtext" }, shortened(column.name, 60)), arrow,
      );
      return { column, arrow, button, node: el("div", { role: "columnheader", class: `kb-cell kb-${column.kind}${column.isNumber ? " kb-number" : ""}`, "aria-colindex": place + 2 }, button) };
    });
    const box = el("div", { role: "columnheader", class: "kb-cell kb-box", "aria-colindex": 1 }, this.allBox);
    this.head.replaceChildren(box, ...this.heads.map(({ node }) => node));
    this.heads.find(({ button }) => button.dataset.key === focused)?.button.focus();
    this.showSort();
  }

  showSort() {
    const { sort } = this.kept;
    for (const { column, arrow, node } of this.heads || []) {
      const is = sort?.key === column.key;
      setAttribute(node, "aria-sort", is ? (sort.down ? "descending" : "ascending") : "none");
      setText(arrow, is ? (sort.down ? "▼" : "▲") : "");
    }
  }

  setOrder() {
    this.stale.order = false;
    const { board, kept } = this;
    let began = performance.now();
    let rows = board.rows.filter(Boolean);
    if (kept.filter.trim()) rows = rows.filter(filterOf(kept.filter, board));
    this.timings.filter = performance.now() - began;
    began = performance.now();
    const column = kept.sort && this.columns.find(({ key }) => key === kept.sort.key);
    this.order = column ? sorted(rows, column, kept.sort.down) : rows;
    this.timings.sort = performance.now() - began;
    this.place = new Map(this.order.map((row, place) => [row.id, place]));
    this.body.style.height = `${this.order.length * ROW}px`;
    setAttribute(this.grid, "aria-rowcount", this.order.length + 1);
    setText(this.none, this.order.length ? "" : board.byId.size ? "no run fits the filter" : "no runs yet");
    this.none.hidden = this.order.length > 0;
  }

  /** Rows that are new are shown at once; for those that have changed alone, the order waits a moment. */
  resortSoon(changes) {
    const isNew = changes?.some?.((change) => "id" in change);
    if (isNew) this.stale.order = true;
    else if ((this.kept.sort || this.kept.filter.trim()) && !this.later) {
      this.later = setTimeout(() => {
        this.later = 0;
        this.stale.order = true;
        this.draw();
      }, 1000);
    }
  }

  drawRows() {
    const top = this.scroller.scrollTop;
    const height = this.scroller.clientHeight || 400;
    const first = Math.max(0, Math.floor(top / ROW) - EXTRA);
    const last = Math.min(this.order.length, Math.ceil((top + height) / ROW) + EXTRA);
    // By id: a row that is told anew, with all others, keeps its element, which may be clicked on.
    const wanted = new Set(this.order.slice(first, last).map((row) => row.id));
    for (const [id, drawn] of this.drawn) {
      if (!wanted.has(id)) {
        this.free.push(drawn);
        this.drawn.delete(id);
      }
    }
    for (let place = first; place < last; place += 1) {
      const row = this.order[place];
      let drawn = this.drawn.get(row.id);
      if (!drawn) {
        drawn = this.free.pop();
        if (!drawn) this.body.append((drawn = new DrawnRow(this)).node);
        drawn.node.hidden = false;
        this.drawn.set(row.id, drawn);
      }
      drawn.show(row, place);
    }
    this.putInOrder(first, last);
    for (const drawn of this.free) {
      drawn.node.hidden = true;
      drawn.node.removeAttribute("id");
    }
    const active = this.kept.active && this.board.byId.get(this.kept.active);
    setAttribute(this.grid, "aria-activedescendant", active && this.drawn.has(active.id) ? this.rowId(active) : null);
    this.tellSeen(first, last);
  }

  /** Have the rows stand in the page as they are seen, for screen readers. */
  putInOrder(first, last) {
    let before = null;
    for (let place = first; place < last; place += 1) {
      const { node } = this.drawn.get(this.order[place].id);
      if (node.previousElementSibling !== before) this.body.insertBefore(node, before ? before.nextSibling : this.body.firstChild);
      before = node;
    }
  }

  /** Tell the kernel which rows are seen, and ask for the sparklines that they lack. */
  tellSeen(first, last) {
    const rows = this.order.slice(first, last);
    const numbers = rows.map((row) => row.n);
    const key = numbers.join();
    const { board } = this;
    const lack = rows.filter((row) => Object.keys(row.m).length && !board.sparksAsked.has(row.id));
    if (key === this.seen && !lack.length) return;
    this.seen = key;
    clearTimeout(this.seeing);
    this.seeing = setTimeout(() => {
      this.send({ do: "see", rows: numbers });
      const ids = lack.map((row) => row.id).filter((id) => !board.sparksAsked.has(id));
      for (const id of ids) board.sparksAsked.add(id);
      if (ids.length) this.send({ do: "sparks", runs: ids });
    }, 150);
  }

  drawTotals() {
    const { board } = this;
    const flows = Object.values(board.flows);
    const known = board.byId.size;
    const planned = flows.length === 1 && flows[0].total != null ? Math.max(known, flows[0].total) : known;
    const parts = ORDER.filter((status) => board.counts.get(status)).map((status) => [status, board.counts.get(status)]);
    const key = JSON.stringify([parts, planned, board.live, flows.map(({ status }) => status)]);
    if (key === this.totalsKey) return;
    this.totalsKey = key;
    const title = flows.length === 1 ? flows[0].name : flows.length ? `${flows.length} flows` : "runs";
    const state = flows.length === 1 ? statusText(flows[0].status) : board.live && flows.some(({ live }) => live) ? "running" : "";
    const ended = parts.filter(([status]) => ENDED.has(status)).reduce((sum, [, count]) => sum + count, 0);
    this.totals.replaceChildren(
      el("span", { class: "kb-title", title }, shortened(title, 60)),
      ...(state ? [el("span", { class: "kb-state", "data-status": flows.length === 1 ? flows[0].status : "running" }, state)] : []),
      el("span", {}, `${planned} ${planned === 1 ? "run" : "runs"}`),
      ...parts.map(([status, count]) =>
        el("span", { class: "kb-count", "data-status": status },
          el("span", { "aria-hidden": "true", class: "kb-glyph" }, GLYPHS[status] || "?"), ` ${count} ${statusText(status)}`)),
      ...(planned > known ? [el("span", { class: "kb-count" }, `${planned - known} not begun`)] : []),
    );
    this.overall.max = Math.max(1, planned);
    this.overall.value = ended;
    this.overall.hidden = !flows.some(({ live }) => live);
    this.announce(`${ended} of ${planned} runs have ended${parts.map(([status, count]) => `, ${count} ${statusText(status)}`).join("")}`);
    this.showActions(flows);
  }

  /** Screen readers are told the totals now and then, not at each change. */
  announce(text) {
    this.toAnnounce = text;
    this.announcing ||= setTimeout(() => {
      this.announcing = 0;
      setText(this.announced, this.toAnnounce);
    }, this.announced.textContent ? 10000 : 500);
  }

  showActions(flows) {
    const isLive = flows.some(({ live }) => live);
    this.isPaused = isLive && flows.every(({ live, status }) => !live || status === "paused");
    setText(this.pauseButton, this.isPaused ? "Resume" : "Pause");
    setAttribute(this.pauseButton, "title", this.isPaused ? "begin runs again" : "begin no further runs");
    const bad = ["failed", "timed_out", "cancelled", "interrupted"].reduce((sum, status) => sum + (this.board.counts.get(status) || 0), 0);
    this.pauseButton.disabled = this.stopButton.disabled = !isLive;
    this.retryButton.disabled = !bad;
    setText(this.retryButton, bad ? `Retry ${bad}` : "Retry failed");
  }

  // ---- what one does with rows ----

  sortBy(key) {
    const { sort } = this.kept;
    if (sort?.key !== key) this.kept.sort = { key, down: false };
    else this.kept.sort = sort.down ? null : { key, down: true };
    this.stale.order = true;
    this.showSort();
    this.redraw();
  }

  setFilter(text) {
    this.kept.filter = text;
    this.stale.order = true;
    this.redraw();
  }

  rowAt(event) {
    const node = event.target.closest?.(".kb-row");
    return [...this.drawn.values()].find((drawn) => drawn.node === node)?.row;
  }

  click(event) {
    const row = this.rowAt(event);
    if (!row) return;
    const isBox = event.target.closest(".kb-box");
    this.grid.focus({ preventScroll: true });
    if (event.shiftKey && this.anchor) this.selectRange(row);
    else if (isBox || event.ctrlKey || event.metaKey) this.toggle(row);
    else this.choose(row);
    this.setActive(row);
  }

  key(event) {
    if (event.target !== this.grid) return;
    const last = this.order.length - 1;
    const at = this.place.get(this.kept.active) ?? -1;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW) - 2);
    const to = {
      ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: last,
    }[event.key];
    const row = this.order[at];
    if (to !== undefined && last >= 0) {
      const goal = this.order[Math.max(0, Math.min(last, to))];
      if (event.shiftKey) {
        this.anchor ??= row ?? goal;
        this.selectRange(goal);
      } else this.anchor = null;
      this.setActive(goal);
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      this.scroller.scrollBy({ left: event.key === "ArrowLeft" ? -80 : 80 });
    } else if (event.key === "Enter" && row) this.choose(row, true);
    else if (event.key === " " && row) this.toggle(row);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) this.select(this.order.map(({ id }) => id));
    else if (event.key === "Escape") this.closeDetail();
    else return;
    event.preventDefault();
  }

  setActive(row) {
    this.kept.active = row.id;
    const top = this.place.get(row.id) * ROW;
    const height = this.scroller.clientHeight - this.head.offsetHeight;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (top + ROW > this.scroller.scrollTop + height) this.scroller.scrollTop = top + ROW - height;
    this.redraw();
  }

  toggle(row) {
    this.anchor = row;
    const chosen = new Set(this.board.selected);
    if (!chosen.delete(row.id)) chosen.add(row.id);
    this.select([...chosen]);
  }

  selectRange(row) {
    this.anchor ??= row;
    const ends = [this.place.get(this.anchor.id) ?? 0, this.place.get(row.id)].sort((a, b) => a - b);
    this.select(this.order.slice(ends[0], ends[1] + 1).map(({ id }) => id));
  }

  select(ids) {
    this.board.selected = new Set(ids);
    this.board.saved.selected = ids;
    this.send({ do: "select", runs: ids });
    this.board.tell("selected");
  }

  selectionChanged() {
    const count = this.board.selected.size;
    setText(this.selectedText, `${count} selected`);
    this.selection.hidden = !count;
    this.compareButton.disabled = count !== 2;
    if (this.allBox) this.allBox.indeterminate = count > 0 && count < this.order.length;
    if (this.allBox) this.allBox.checked = count > 0 && count >= this.order.length;
    this.showTabs();
    if (["curves", "compare"].includes(this.kept.tab)) this.showDetail();
  }

  chosenIds() {
    return [...this.board.selected];
  }

  stop(runs) {
    this.send({ do: "stop", runs });
  }

  retry(runs) {
    this.send({ do: "retry", runs });
  }

  retryAll() {
    this.retry(null);
  }

  pause() {
    this.send({ do: this.isPaused ? "unpause" : "pause" });
  }

  say(text, isFault) {
    this.message.classList.toggle("kb-fault", Boolean(isFault));
    const close = el("button", { type: "button", "aria-label": "dismiss", onclick: () => this.message.replaceChildren() }, "×");
    this.message.replaceChildren(el("span", {}, shortened(text, 2000)), close);
  }

  /** Ask, and do it only if that is what is meant. */
  ask(text, act) {
    const before = document.activeElement;
    const end = () => {
      this.dialog.hidden = true;
      before?.focus?.();
    };
    const words = el("span", { id: `${this.prefix}-ask` }, text);
    const no = el("button", { type: "button", onclick: end }, "Keep going");
    const yes = el("button", { type: "button", class: "kb-danger", onclick: () => { end(); act(); } }, "Stop");
    this.dialog.replaceChildren(words, yes, no);
    this.dialog.setAttribute("aria-describedby", words.id);
    this.dialog.onkeydown = (event) => event.key === "Escape" && end();
    this.dialog.hidden = false;
    no.focus();
  }

  // ---- one run, or several, more closely ----

  buildDetail() {
    this.tabs = el("div", { class: "kb-tabs", role: "tablist", "aria-label": "of the chosen run", onkeydown: (event) => this.tabKey(event) });
    this.subject = el("div", { class: "kb-subject" });
    this.pane = el("div", { class: "kb-pane", role: "tabpanel", id: `${this.prefix}-pane`, tabindex: -1 });
    const close = el("button", { type: "button", class: "kb-close", "aria-label": "close details", title: "close (Escape)", onclick: () => this.closeDetail() }, "×");
    this.detail = el(
      "section", { class: "kb-detail", "aria-label": "details", hidden: true, onkeydown: (event) => event.key === "Escape" && this.closeDetail() },
      el("div", { class: "kb-detailhead" }, this.tabs, this.subject, close), this.pane,
    );
  }

  choose(row, goThere = false) {
    this.kept.chosen = row.id;
    this.kept.open = true;
    if (["curves", "compare"].includes(this.kept.tab) && !this.board.selected.has(row.id)) this.kept.tab = "log";
    if (this.kept.tab === "error" && !row.err) this.kept.tab = "log";
    this.board.send({ do: "open", run: row.id });
    this.showDetail();
    this.draw();
    if (goThere) this.tabs.querySelector("[aria-selected=true]")?.focus();
  }

  closeDetail() {
    this.kept.chosen = null;
    this.kept.open = false;
    this.showDetail();
    this.grid.focus({ preventScroll: true });
    this.draw();
  }

  showTab(tab) {
    this.kept.tab = tab;
    this.kept.open = true;
    this.showDetail();
  }

  tabNames() {
    const row = this.board.byId.get(this.kept.chosen);
    const names = [];
    if (row) names.push("log");
    if (row?.err || (row && this.board.details.get(row.id)?.traceback)) names.push("error");
    if (row) names.push("facts");
    if (row || this.board.selected.size) names.push("curves");
    if (this.board.selected.size === 2) names.push("compare");
    return names;
  }

  showTabs() {
    const names = this.tabNames();
    const key = names.join() + this.kept.tab;
    if (key === this.tabsKey) return;
    this.tabsKey = key;
    const hasFocus = this.tabs.contains(document.activeElement);
    this.tabs.replaceChildren(...names.map((name) =>
      el("button", {
        type: "button", role: "tab", "data-tab": name, id: `${this.prefix}-tab-${name}`, "aria-controls": this.pane.id,
        "aria-selected": String(name === this.kept.tab), tabindex: name === this.kept.tab ? 0 : -1, onclick: () => this.showTab(name),
      }, name)));
    this.pane.setAttribute("aria-labelledby", `${this.prefix}-tab-${this.kept.tab}`);
    if (hasFocus) this.tabs.querySelector("[aria-selected=true]")?.focus();
  }

  tabKey(event) {
    const names = this.tabNames();
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = (names.indexOf(this.kept.tab) + step + names.length) % names.length;
    this.showTab(names[at]);
    this.tabs.querySelector("[aria-selected=true]")?.focus();
  }

  showDetail() {
    const { board, kept } = this;
    const names = this.tabNames();
    if (!names.includes(kept.tab)) kept.tab = names[0] ?? "log";
    const isOpen = names.length > 0 && kept.open;
    this.panes = [];
    this.curves = null;
    this.detail.hidden = !isOpen;
    this.root.classList.toggle("kb-open", isOpen);
    this.showTabs();
    if (!isOpen) {
      this.follow([], []);
      return;
    }
    const row = board.byId.get(kept.chosen);
    const several = ["curves", "compare"].includes(kept.tab) && board.selected.size;
    const subject = several ? `${board.selected.size} selected` : row ? board.label(row) : "";
    setText(this.subject, subject);
    const make = { log: () => this.showLog(row), error: () => this.showError(row), facts: () => this.showFacts(row), curves: () => this.showCurves(), compare: () => this.showCompare() };
    make[kept.tab]();
    this.draw();
  }

  /** Say which logs and curves are looked at. */
  follow(logs, curves, lines) {
    const key = JSON.stringify([logs, lines]);
    if (key !== this.logsKey) {
      this.logsKey = key;
      this.send({ do: "logs", runs: logs, ...(lines ? { lines } : {}) });
    }
    const curvesKey = JSON.stringify(curves);
    if (curvesKey !== this.curvesKey) {
      this.curvesKey = curvesKey;
      this.send({ do: "curves", runs: curves });
    }
  }

  showLog(row) {
    const pane = new LogPane(this, row.id);
    this.panes = [pane];
    this.pane.replaceChildren(pane.node);
    this.follow([row.id], []);
    pane.show();
  }

  showError(row) {
    this.follow([], []);
    this.pane.replaceChildren((this.errorNode = el("pre", { class: "kb-pre", tabindex: 0, role: "region", "aria-label": "error" })));
    this.board.send({ do: "open", run: row.id });
    this.drawFacts();
  }

  showFacts(row) {
    this.follow([], []);
    this.pane.replaceChildren((this.factsNode = el("div", { class: "kb-facts", tabindex: 0, role: "region", "aria-label": "facts" })));
    this.board.send({ do: "open", run: row.id });
    this.drawFacts();
  }

  drawFacts() {
    this.showTabs();
    const { tab, chosen } = this.kept;
    const detail = this.board.details.get(chosen);
    const row = this.board.byId.get(chosen);
    if (tab === "error" && this.errorNode) {
      const text = detail?.traceback || detail?.facts.reason || row?.err || "";
      this.errorNode.replaceChildren(...lineNodes(text.split("\n")));
    } else if (tab === "facts" && this.factsNode && detail) {
      this.factsNode.replaceChildren(
        factTable("parameters", detail.params), factTable("metrics", detail.metrics), factTable("facts", detail.facts));
    } else if (tab === "compare" && this.comparison) this.drawComparison();
  }

  // ---- curves ----

  curveIds() {
    const chosen = this.chosenIds();
    return (chosen.length ? chosen : [this.kept.chosen].filter(Boolean)).slice(0, 24);
  }

  showCurves() {
    const ids = this.curveIds();
    const logged = el("input", { type: "checkbox", onchange: () => { this.kept.log = logged.checked; this.drawCurves(); } });
    logged.checked = this.kept.log;
    const legend = el("ul", { class: "kb-legend" }, ...ids.map((id, place) => {
      const row = this.board.byId.get(id);
      return el("li", {}, el("span", { class: `kb-swatch kb-line-${place % 8}`, "aria-hidden": "true" }), shortened(row ? this.board.label(row) : id.slice(0, 8), 60));
    }));
    this.curves = el("div", { class: "kb-charts" });
    this.pane.replaceChildren(
      el("div", { class: "kb-scroll", tabindex: 0, role: "region", "aria-label": "curves" },
        el("div", { class: "kb-curvehead" }, legend, el("label", {}, logged, " logarithmic")), this.curves));
    this.charts = new Map();
    this.follow([], ids);
    this.drawCurves();
  }

  drawCurves() {
    if (!this.curves) return;
    const ids = this.curveIds();
    const names = [];
    for (const id of ids) for (const name of Object.keys(this.board.curves.get(id) || {})) if (!names.includes(name)) names.push(name);
    if (!names.length) {
      setText(this.curves, "no metrics yet");
      this.charts.clear();
      return;
    }
    if (!this.charts.size) this.curves.replaceChildren();
    for (const name of names.slice(0, CHARTS)) {
      if (!this.charts.has(name)) {
        const chart = new Chart(name);
        this.charts.set(name, chart);
        this.curves.append(chart.node);
      }
      const lines = ids.map((id, place) => ({
        place, name: this.board.label(this.board.byId.get(id) ?? { id }), points: this.board.curves.get(id)?.[name] || [],
      }));
      this.charts.get(name).show(lines, this.kept.log);
    }
  }

  // ---- two runs ----

  showCompare() {
    const ids = this.chosenIds().slice(0, 2);
    for (const id of ids) this.board.send({ do: "open", run: id });
    this.comparison = el("div", { class: "kb-comparison" });
    this.panes = ids.map((id) => new LogPane(this, id));
    const titles = ids.map((id) => this.board.label(this.board.byId.get(id) ?? { id }));
    this.pane.replaceChildren(
      el("div", { class: "kb-scroll", tabindex: 0, role: "region", "aria-label": "comparison" }, this.comparison,
        el("div", { class: "kb-sidebyside" }, ...this.panes.map((pane, at) => el("div", { class: "kb-side" }, el("div", { class: "kb-sidehead" }, titles[at]), pane.node)))));
    this.follow(ids, []);
    this.drawComparison();
    for (const pane of this.panes) pane.show();
  }

  drawComparison() {
    const details = this.chosenIds().slice(0, 2).map((id) => this.board.details.get(id));
    if (details.length < 2 || details.some((detail) => !detail)) return;
    const rows = this.chosenIds().slice(0, 2).map((id) => this.board.byId.get(id));
    const titles = rows.map((row) => this.board.label(row));
    const metrics = (at) => ({ ...details[at].metrics, ...rows[at].m });
    this.comparison.replaceChildren(
      comparisonTable("parameters", titles, details[0].params, details[1].params),
      comparisonTable("metrics", titles, metrics(0), metrics(1), true),
      comparisonTable("facts", titles, details[0].facts, details[1].facts),
    );
  }
}

function factTable(title, facts) {
  const rows = Object.entries(facts).map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, numberText(value))));
  return el("table", { class: "kb-table" }, el("caption", {}, title), el("tbody", {}, ...(rows.length ? rows : [el("tr", {}, el("td", {}, "none"))])));
}

function comparisonTable(title, titles, one, other, numbers = false) {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const same = (name) => JSON.stringify(one[name]) === JSON.stringify(other[name]);
  names.sort((a, b) => Number(same(a)) - Number(same(b)));
  const rows = names.map((name) => {
    const gap = number(other[name]) - number(one[name]);
    const difference = numbers && Number.isFinite(gap) && gap !== 0 ? ` (${gap > 0 ? "+" : ""}${numberText(gap)})` : "";
    return el("tr", { class: same(name) ? "" : "kb-differs" }, el("th", { scope: "row" }, name),
      el("td", {}, name in one ? numberText(one[name]) : "–"), el("td", {}, (name in other ? numberText(other[name]) : "–") + difference));
  });
  const head = el("tr", {}, el("th", { scope: "col" }, title), ...titles.map((text) => el("th", { scope: "col" }, text)));
  return el("table", { class: "kb-table" }, el("thead", {}, head), el("tbody", {}, ...rows));
}

// ---- logs ----

/** The nodes of lines, what is searched for marked in them. */
function lineNodes(lines, wanted = "") {
  return lines.map((line) => {
    const node = el("div", { class: "kb-line" });
    for (const { text, classes, style } of ansiPieces(line)) {
      const parts = wanted ? marked(text, wanted) : [text];
      if (!classes.length && !Object.keys(style).length) node.append(...parts);
      else {
        const span = el("span", { class: classes.join(" ") }, ...parts);
        Object.assign(span.style, style);
        node.append(span);
      }
    }
    if (!line) node.append("\u200b"); // so that it has the height of a line
    return node;
  });
}

function marked(text, wanted) {
  const parts = [];
  const lower = text.toLowerCase();
  let end = 0;
  // Where lower case has another length, places don't fit: then nothing is marked.
  for (let at = lower.length === text.length ? lower.indexOf(wanted) : -1; at >= 0; at = lower.indexOf(wanted, end)) {
    parts.push(text.slice(end, at), el("mark", {}, text.slice(at, at + wanted.length)));
    end = at + wanted.length;
  }
  return [...parts, text.slice(end)];
}

class LogPane {
  constructor(view, id) {
    this.view = view;
    this.id = id;
    this.wanted = "";
    this.generation = -1;
    this.next = 0; // the number of the line that is drawn next
    this.hits = [];
    this.at = -1;
    this.search = el("input", {
      type: "search", "aria-label": "search the log", placeholder: "search", spellcheck: "false",
      oninput: () => this.find(this.search.value), onkeydown: (event) => this.key(event),
    });
    this.found = el("span", { class: "kb-found", role: "status" });
    this.box = el("input", { type: "checkbox", onchange: () => { this.view.kept.follow = this.box.checked; this.toEnd(); } });
    this.box.checked = view.kept.follow;
    this.earlier = el("button", { type: "button", title: "give more of the lines before these", onclick: () => this.more() }, "Earlier lines");
    const step = (label, text, by) => el("button", { type: "button", "aria-label": label, title: label, onclick: () => this.go(by) }, text);
    this.attempt = el("span", { class: "kb-found" });
    this.lines = el("div", { class: "kb-lines" });
    this.live = el("div", { class: "kb-line kb-live" });
    this.text = el("div", { class: "kb-pre kb-log", tabindex: 0, role: "region", "aria-label": "log" }, this.lines, this.live);
    this.text.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.node = el("div", { class: "kb-logpane" },
      el("div", { class: "kb-logtools" }, this.search, step("previous hit", "↑", -1), step("next hit", "↓", 1), this.found,
        el("label", {}, this.box, " follow"), this.earlier, this.attempt),
      this.text);
  }

  hear(parts) {
    if (parts.some(({ id }) => id === this.id)) this.show();
  }

  show() {
    const log = this.view.board.logs.get(this.id);
    if (!log) return;
    if (this.generation !== log.generation) this.anew(log);
    const fresh = log.lines.slice(Math.max(0, this.next - log.first));
    if (fresh.length) {
      const nodes = lineNodes(fresh, this.wanted);
      this.lines.append(...nodes);
      if (this.wanted) this.count(nodes);
    }
    this.next = log.first + log.lines.length;
    while (this.lines.childElementCount > log.lines.length) this.lines.firstChild.remove();
    this.live.replaceChildren(...(log.live ? lineNodes([log.live])[0].childNodes : []));
    setText(this.attempt, log.attempt > 1 ? `attempt ${log.attempt}` : "");
    this.earlier.hidden = log.lines.length < log.most || log.most >= 64000;
    this.toEnd();
  }

  anew(log) {
    this.generation = log.generation;
    this.next = log.first;
    this.lines.replaceChildren();
    this.hits = [];
    this.at = -1;
  }

  find(text) {
    this.wanted = text.toLowerCase();
    this.generation = -1;
    setText(this.found, "");
    this.show();
    if (this.wanted && this.hits.length) this.go(-1);
    else if (this.wanted) setText(this.found, "not found");
  }

  count(nodes) {
    for (const node of nodes) this.hits.push(...node.querySelectorAll("mark"));
    this.tellHits();
  }

  tellHits() {
    setText(this.found, this.hits.length ? `${Math.max(0, this.at) + 1} of ${this.hits.length}` : "");
  }

  go(by) {
    this.hits = this.hits.filter((hit) => hit.isConnected);
    if (!this.hits.length) return;
    this.hits[this.at]?.classList.remove("kb-current");
    this.at = this.at < 0 && by < 0 ? this.hits.length - 1 : (this.at + by + this.hits.length) % this.hits.length;
    this.box.checked = this.view.kept.follow = false;
    const hit = this.hits[this.at];
    hit.classList.add("kb-current");
    const show = () => {
      const inside = hit.getBoundingClientRect().top - this.text.getBoundingClientRect().top;
      this.text.scrollTop += inside - this.text.clientHeight / 2;
    };
    show();
    requestAnimationFrame(show); // lines that weren't drawn have their true height only now
    this.tellHits();
  }

  key(event) {
    if (event.key === "Enter") {
      event.preventDefault();
      this.go(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && this.search.value) {
      event.stopPropagation();
      this.search.value = "";
      this.find("");
    }
  }

  more() {
    const log = this.view.board.logs.get(this.id);
    this.box.checked = this.view.kept.follow = false;
    this.view.follow(this.view.panes.map(({ id }) => id), [], Math.min(64000, (log?.most || 2000) * 4));
  }

  toEnd() {
    if (!this.box.checked) return;
    this.text.scrollTop = this.text.scrollHeight;
    this.end = this.text.scrollTop;
  }

  /** Who scrolls up wants to read; who scrolls to the end, to follow. */
  scrolled() {
    const left = this.text.scrollHeight - this.text.clientHeight - this.text.scrollTop;
    if (left > 40 && this.text.scrollTop < (this.end ?? 0) - 4) this.box.checked = this.view.kept.follow = false;
  }
}

// ---- charts ----

const WIDTH = 340;
const HEIGHT = 190;
const MARGIN = { left: 52, right: 10, top: 10, bottom: 24 };

class Chart {
  constructor(name) {
    this.name = name;
    this.picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
    this.reading = el("div", { class: "kb-reading", "aria-hidden": "true" });
    this.node = el("figure", { class: "kb-chart" }, el("figcaption", {}, name), this.picture, this.reading);
    this.picture.addEventListener("pointermove", (event) => this.read(event));
    this.picture.addEventListener("pointerleave", () => setText(this.reading, ""));
  }

  show(lines, isLog) {
    const fits = ([x, y]) => Number.isFinite(x) && Number.isFinite(y) && (!isLog || y > 0);
    this.drawnLines = lines.map((line) => ({ ...line, points: line.points.filter(fits) }));
    const all = this.drawnLines.flatMap(({ points }) => points);
    const toY = isLog ? Math.log10 : (value) => value;
    const [x0, x1] = range(all.map(([x]) => x));
    const [y0, y1] = range(all.map(([, y]) => toY(y)));
    this.x = (x) => MARGIN.left + ((x - x0) / (x1 - x0)) * (WIDTH - MARGIN.left - MARGIN.right);
    this.y = (y) => HEIGHT - MARGIN.bottom - ((toY(y) - y0) / (y1 - y0)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
    const last = this.drawnLines.filter(({ points }) => points.length).map(({ name, points }) => `${shortened(name, 40)} ${numberText(points[points.length - 1][1])}`);
    this.picture.setAttribute("aria-label", `${this.name}: ${shortened(last.join(", ") || "no values", 500)}`);
    const nodes = [];
    for (const tick of ticks(y0, y1)) {
      const value = isLog ? 10 ** tick : tick;
      const at = this.y(value);
      nodes.push(svg("line", { class: "kb-rule", x1: MARGIN.left, x2: WIDTH - MARGIN.right, y1: at, y2: at }));
      nodes.push(svg("text", { class: "kb-tick", x: MARGIN.left - 5, y: at + 3.5, "text-anchor": "end" }, numberText(+value.toPrecision(3))));
    }
    for (const tick of ticks(x0, x1)) {
      nodes.push(svg("text", { class: "kb-tick", x: this.x(tick), y: HEIGHT - 8, "text-anchor": "middle" }, numberText(+tick.toPrecision(6))));
    }
    for (const { place, points } of this.drawnLines) nodes.push(...this.line(place, points));
    this.picture.replaceChildren(...nodes);
  }

  line(place, points) {
    const step = Math.max(1, Math.ceil(points.length / 600));
    const shown = step === 1 ? points : points.filter((_, at) => at % step === 0 || at === points.length - 1);
    const at = ([x, y]) => `${this.x(x).toFixed(1)},${this.y(y).toFixed(1)}`;
    const kind = `kb-line-${place % 8}`;
    if (shown.length === 1) {
      const [x, y] = at(shown[0]).split(",");
      return [svg("circle", { class: `kb-dot ${kind}`, cx: x, cy: y, r: 3 })];
    }
    return [svg("polyline", { class: `kb-curve ${kind}${place >= 8 ? " kb-dashed" : ""}`, points: shown.map(at).join(" ") })];
  }

  read(event) {
    const box = this.picture.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * WIDTH;
    const told = [];
    for (const { name, points } of this.drawnLines || []) {
      let best = null;
      for (const point of points) if (!best || Math.abs(this.x(point[0]) - x) < Math.abs(this.x(best[0]) - x)) best = point;
      if (best) told.push(`${shortened(name, 24)}: ${numberText(best[1])} at ${numberText(best[0])}`);
    }
    setText(this.reading, told.slice(0, 6).join("   "));
  }
}

function range(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  return low === high ? [low - (Math.abs(low) * 0.1 || 0.5), high + (Math.abs(high) * 0.1 || 0.5)] : [low, high];
}

function ticks(low, high) {
  const raw = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((part) => part * power).find((size) => size >= raw);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-9; tick += step) found.push(Math.abs(tick) < step * 1e-9 ? 0 : tick);
  return found;
}

// ---- as an anywidget ----

export default () => {
  let board = null;
  return {
    initialize({ model }) {
      board = new Board(model);
      return () => board.close();
    },
    render({ model, el: root }) {
      board ??= new Board(model);
      const view = new View(board, root);
      root.kogineView = view; // for tests, and for who looks into a page
      return () => view.remove();
    },
  };
};
