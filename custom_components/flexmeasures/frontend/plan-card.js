/**
 * The plan card: what a flexible device is going to do, beside the prices that are the reason for it.
 *
 * Draws the rows `{start, end, value}` of an entity's attribute `forecast` as plain SVG. It needs no build, and uses
 * nothing of Home Assistant's frontend but the documented card interface and the theme's CSS variables.
 *
 *   type: custom:flexmeasures-plan-card
 *   entity: sensor.battery_scheduled_power
 *   price_entity: sensor.home_electricity_price    # optional; Nord Pool's raw_today and raw_tomorrow will do, too
 *   soc_entity: sensor.battery_state_of_charge     # optional
 *   expected_entity: sensor.battery_expected_state_of_charge    # optional; rows `{time, value}` in %
 *   title: Battery                                 # optional
 */

const TYPE = "flexmeasures-plan-card";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const QUARTER = HOUR / 4;
const LONGEST = 48 * HOUR;
// Below this, a power is rounding of the optimisation and nothing that a device would do.
const IDLE_WATTS = 5;
const PLOT_HEIGHT = 260;
const MARGIN = { top: 24, right: 20, bottom: 26, left: 42 };
const PRICE_AXIS_WIDTH = 34;
const CHARACTER_WIDTH = 7;

const TEXTS = {
  en: {
    charge: "Charging",
    discharge: "Discharging",
    consume: "Consuming",
    produce: "Producing",
    idle: "Idle",
    price: "Price",
    soc: "State of charge",
    expected: "Expected state of charge",
    now: "Now",
    power: (kind, power) => `${kind} with ${power}`,
    powerUpTo: (kind, power) => `${kind} with up to ${power}`,
    until: (what, time) => `${what} until ${time}`,
    from: (what, time) => `${what} from ${time}`,
    then: ", then ",
    missing: (entity) => `There is no entity ${entity}.`,
    unavailable: (entity) => `${entity} is unavailable.`,
    empty: "There is no schedule yet.",
    chart: "Scheduled power",
    keys: "Use the arrow keys to go through the steps.",
  },
  nl: {
    charge: "Laden",
    discharge: "Ontladen",
    consume: "Verbruiken",
    produce: "Opwekken",
    idle: "In rust",
    price: "Prijs",
    soc: "Laadniveau",
    expected: "Verwacht laadniveau",
    now: "Nu",
    power: (kind, power) => `${kind} met ${power}`,
    powerUpTo: (kind, power) => `${kind} met hoogstens ${power}`,
    until: (what, time) => `${what} tot ${time}`,
    from: (what, time) => `${what} vanaf ${time}`,
    then: ", daarna ",
    missing: (entity) => `Er is geen entiteit ${entity}.`,
    unavailable: (entity) => `${entity} is niet beschikbaar.`,
    empty: "Er is nog geen planning.",
    chart: "Gepland vermogen",
    keys: "Gebruik de pijltjestoetsen om door de stappen te gaan.",
  },
};

const STYLE = `
  :host { display: block; height: 100%; }
  .card {
    box-sizing: border-box; height: 100%; padding: 16px; overflow: hidden; position: relative;
    color: var(--primary-text-color, #212121);
    background: var(--ha-card-background, var(--card-background-color, #fff));
    border: var(--ha-card-border-width, 1px) solid var(--ha-card-border-color, var(--divider-color, #e0e0e0));
    border-radius: var(--ha-card-border-radius, 12px);
    box-shadow: var(--ha-card-box-shadow, none);
    font-family: var(--ha-font-family-body, Roboto, sans-serif);
    font-size: 14px; line-height: 20px;
  }
  .head { display: flex; justify-content: space-between; align-items: baseline; gap: 16px; }
  .title {
    all: unset; cursor: pointer; font-size: 18px; line-height: 26px; font-weight: 500;
    overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  }
  .title:focus-visible, svg:focus-visible { outline: 2px solid var(--primary-color, #03a9f4); border-radius: 4px; }
  .soc { color: var(--secondary-text-color, #727272); white-space: nowrap; }
  .soc b { color: var(--primary-text-color, #212121); font-weight: 500; }
  .summary { margin: 0 0 8px; color: var(--secondary-text-color, #727272); }
  .notice { margin: 16px 0; color: var(--secondary-text-color, #727272); }
  .problem { margin: 0 0 8px; color: var(--error-color, #db4437); }
  .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; color: var(--secondary-text-color, #727272); font-size: 12px; }
  .legend span { display: inline-flex; align-items: center; gap: 6px; }
  .legend svg { width: 14px; height: 12px; }
  .plot { position: relative; height: ${PLOT_HEIGHT}px; }
  .plot > svg { display: block; width: 100%; height: 100%; touch-action: pan-y; cursor: crosshair; }
  text { fill: var(--secondary-text-color, #727272); font-size: 12px; }
  .grid { stroke: var(--divider-color, #e0e0e0); }
  .zero { stroke: var(--secondary-text-color, #727272); opacity: 0.6; }
  .charge, .discharge { shape-rendering: crispEdges; }
  .legend path { shape-rendering: auto; }
  .charge { fill: var(--energy-battery-in-color, #f06292); }
  .discharge { fill: var(--energy-battery-out-color, #4db6ac); }
  .price { fill: none; stroke: var(--energy-grid-consumption-color, #488fc2); stroke-width: 2; stroke-linejoin: round; }
  .expected { fill: none; stroke: var(--primary-text-color, #212121); stroke-width: 1.5; stroke-dasharray: 4 3; opacity: 0.7; }
  .halo { stroke: var(--ha-card-background, var(--card-background-color, #fff)); stroke-width: 5; opacity: 0.6; }
  .price-text { fill: var(--energy-grid-consumption-color, #488fc2); }
  .now { stroke: var(--primary-text-color, #212121); stroke-width: 1.5; }
  .now-text { fill: var(--primary-text-color, #212121); font-weight: 500; }
  .cursor { fill: var(--primary-text-color, #212121); opacity: 0.08; pointer-events: none; }
  .tooltip {
    position: absolute; top: 0; pointer-events: none; padding: 6px 10px; border-radius: 8px; white-space: nowrap;
    font-size: 12px; line-height: 18px; color: var(--primary-text-color, #212121);
    background: var(--ha-card-background, var(--card-background-color, #fff));
    border: 1px solid var(--divider-color, #e0e0e0); box-shadow: 0 2px 8px rgb(0 0 0 / 25%);
  }
  .tooltip[hidden] { display: none; }
  .tooltip b { display: block; font-weight: 500; }
`;

/** Return the rows with a real time span and a real number, in order of time. */
export function readRows(rows) {
  if (!Array.isArray(rows)) return [];
  return rows
    .filter((row) => row && row.value !== null && row.value !== "")
    .map((row) => ({ start: Date.parse(row.start), end: Date.parse(row.end), value: Number(row.value) }))
    .filter((row) => row.end > row.start && Number.isFinite(row.value))
    .sort((one, other) => one.start - other.start);
}

/** Return the rows with a real time and a real percentage, in order of time. */
export function readPoints(rows) {
  if (!Array.isArray(rows)) return [];
  return rows
    .filter((row) => row && row.value !== null && row.value !== "")
    .map((row) => ({ time: Date.parse(row.time), value: Number(row.value) }))
    .filter((row) => Number.isFinite(row.time) && Number.isFinite(row.value))
    .map((row) => ({ ...row, value: Math.min(Math.max(row.value, 0), 100) }))
    .sort((one, other) => one.time - other.time);
}

/** Return the prices of an entity, in the shape of this integration or of Nord Pool. */
export function readPrices(attributes) {
  const forecast = readRows(attributes.forecast);
  if (forecast.length) return forecast;
  return readRows([...(attributes.raw_today ?? []), ...(attributes.raw_tomorrow ?? [])]);
}

/** Return what a power means: charge, discharge or idle. */
export function kindOf(watts) {
  if (Math.abs(watts) < IDLE_WATTS) return "idle";
  return watts > 0 ? "charge" : "discharge";
}

/** Return what the kinds are called: only what has a state of charge charges. */
export function wordsOf(texts, stores) {
  if (stores) return texts;
  return { ...texts, charge: texts.consume, discharge: texts.produce };
}

/** Return neighbouring rows of one kind as blocks; a gap in time ends a block. */
export function blocksOf(rows, watts) {
  const blocks = [];
  for (const row of rows) {
    const last = blocks.at(-1);
    const kind = kindOf(watts(row.value));
    if (last && last.kind === kind && last.end === row.start) last.end = row.end;
    else blocks.push({ kind, start: row.start, end: row.end });
  }
  return blocks;
}

/** Return a readable distance between ticks so that about `count` of them cover the span. */
export function niceStep(span, count) {
  const rough = span / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999);
}

/** Return a linear axis that holds zero and all values, and ends on ticks. */
export function axisOf(values, count) {
  let low = Math.min(0, ...values);
  let high = Math.max(0, ...values);
  if (low === high) high = 1;
  const step = niceStep(high - low, count);
  low = Math.floor(low / step + 1e-9) * step;
  high = Math.ceil(high / step - 1e-9) * step;
  const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, number) => low + number * step);
  return { low, high, step, ticks };
}

function element(name, attributes = {}, ...children) {
  const isShape = /^(svg|g|rect|line|path|text|title)$/.test(name);
  const made = isShape ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Writes numbers and times the way the user reads them. */
class Format {
  constructor(hass) {
    const locale = hass.locale ?? {};
    this.language = locale.language ?? "en";
    this.zone = locale.time_zone === "server" ? hass.config?.time_zone : undefined;
    this.hour12 = locale.time_format === "12" ? true : locale.time_format === "24" ? false : undefined;
    this.texts = TEXTS[this.language.split("-")[0]] ?? TEXTS.en;
  }

  #date(time, options) {
    return new Intl.DateTimeFormat(this.language, { timeZone: this.zone, hour12: this.hour12, ...options }).format(time);
  }

  time(time) {
    return this.#date(time, { hour: "2-digit", minute: "2-digit" });
  }

  /** A whole hour, as short as the user writes it. */
  hour(time) {
    const short = this.#date(time, { hour: "numeric" });
    return /\D/.test(short) ? short : this.time(time);
  }

  day(time) {
    return this.#date(time, { weekday: "short" });
  }

  /** Hour and minute on the user's clock, as numbers. */
  clock(time) {
    const parts = new Intl.DateTimeFormat("en", { timeZone: this.zone, hourCycle: "h23", hour: "numeric", minute: "numeric" });
    const values = Object.fromEntries(parts.formatToParts(time).map((part) => [part.type, Number(part.value)]));
    return values.hour + values.minute / 60;
  }

  number(value, digits) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return new Intl.NumberFormat(this.language, options).format(value);
  }
}

class FlexMeasuresPlanCard extends HTMLElement {
  #config;
  #hass;
  #shown = [];
  #width = 0;
  #selected = null;
  #plan = null;
  #resize = new ResizeObserver(([entry]) => this.#resized(entry.contentRect.width));
  #timer = 0;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).append(element("style", {}, STYLE));
  }

  static getConfigForm() {
    return {
      schema: [
        { name: "entity", required: true, selector: { entity: { domain: "sensor", device_class: "power" } } },
        { name: "price_entity", selector: { entity: { domain: "sensor" } } },
        { name: "soc_entity", selector: { entity: { domain: "sensor" } } },
        { name: "expected_entity", selector: { entity: { domain: "sensor", integration: "flexmeasures" } } },
        { name: "title", selector: { text: {} } },
      ],
    };
  }

  static getStubConfig(hass) {
    const planned = Object.values(hass.states).find(
      (state) => state.attributes.sign_convention && Array.isArray(state.attributes.forecast),
    );
    return { entity: planned?.entity_id ?? "" };
  }

  setConfig(config) {
    if (typeof config?.entity !== "string") throw new Error("entity: name the sensor with the scheduled power");
    this.#config = config;
    this.#shown = [];
    this.#update();
  }

  set hass(hass) {
    this.#hass = hass;
    this.#update();
  }

  getCardSize() {
    return 7;
  }

  getGridOptions() {
    return { columns: 12, min_columns: 6, rows: "auto" };
  }

  connectedCallback() {
    this.#resize.observe(this);
    this.#timer = setInterval(() => this.#render(), MINUTE);
    this.#render();
  }

  disconnectedCallback() {
    this.#resize.disconnect();
    clearInterval(this.#timer);
  }

  #resized(width) {
    if (Math.abs(width - this.#width) < 1) return;
    this.#width = width;
    this.#render();
  }

  /** Draw again only when something that is shown has changed: Home Assistant calls with every state of the house. */
  #update() {
    if (!this.#hass || !this.#config) return;
    const { entity, price_entity: price, soc_entity: soc, expected_entity: expected } = this.#config;
    const states = [entity, price, soc, expected].map((id) => this.#hass.states[id]);
    const shown = [...states, this.#hass.locale, this.#config];
    if (shown.every((each, index) => each === this.#shown[index])) return;
    this.#shown = shown;
    this.#render();
  }

  #render() {
    if (!this.#hass || !this.#config || !this.isConnected) return;
    this.#plan = this.#read();
    const card = element("div", { class: "card" }, this.#head());
    if (this.#plan.problem) card.append(element("p", { class: "problem", role: "alert" }, this.#plan.problem));
    if (this.#plan.notice) card.append(element("p", { class: "notice" }, this.#plan.notice));
    else card.append(element("p", { class: "summary" }, this.#plan.summary), this.#legend(), this.#plot());
    this.shadowRoot.replaceChildren(element("style", {}, STYLE), card);
    this.#select(this.#selected);
  }

  /** Turn states into what is drawn, or into a sentence that says why there is nothing to draw. */
  #read() {
    const format = new Format(this.#hass);
    const texts = format.texts;
    const { entity, price_entity: priceEntity, soc_entity: socEntity, expected_entity: expectedEntity } = this.#config;
    const state = this.#hass.states[entity];
    if (!state) return { format, notice: texts.missing(entity) };
    const problem = typeof state.attributes.problem === "string" ? state.attributes.problem : null;
    const unit = state.attributes.unit_of_measurement ?? "";
    const factor = unit === "W" ? 0.001 : 1;
    const all = readRows(state.attributes.forecast).map((row) => ({ ...row, value: row.value * factor }));
    if (!all.length) {
      const reason = state.state === "unavailable" ? texts.unavailable(entity) : texts.empty;
      return { format, problem, notice: reason };
    }
    const start = all[0].start;
    const rows = all.filter((row) => row.start < start + LONGEST);
    const end = rows.at(-1).end;
    const priceState = priceEntity ? this.#hass.states[priceEntity] : undefined;
    const prices = priceState ? readPrices(priceState.attributes) : [];
    const plan = {
      format,
      problem,
      rows,
      start,
      end,
      unit: unit === "W" ? "kW" : unit,
      words: wordsOf(texts, Boolean(socEntity || expectedEntity)),
      watts: (value) => value * (unit === "W" || unit === "kW" ? 1000 : 1),
      prices: prices.filter((row) => row.end > start && row.start < end),
      expected: readPoints(this.#hass.states[expectedEntity]?.attributes.forecast).filter(
        (point) => point.time >= start && point.time <= end,
      ),
      priceUnit: priceState?.attributes.unit_of_measurement ?? "",
      priceNotice: priceEntity && !priceState ? texts.missing(priceEntity) : null,
    };
    plan.summary = this.#summary(plan);
    return plan;
  }

  /** Say in one sentence what happens now and next, with the largest power of each. */
  #summary({ rows, watts, format, unit, words }) {
    const now = Date.now();
    const blocks = blocksOf(rows, watts).filter((block) => block.end > now);
    const say = (block) => {
      const name = words[block.kind];
      if (block.kind === "idle") return name;
      const inside = rows.filter((row) => row.start >= block.start && row.end <= block.end && row.end > now);
      const powers = inside.map((row) => format.number(Math.abs(row.value), 1));
      const largest = format.number(Math.max(...inside.map((row) => Math.abs(row.value))), 1);
      const isSteady = powers.every((power) => power === largest);
      return format.texts[isSteady ? "power" : "powerUpTo"](name, `${largest} ${unit}`);
    };
    if (!blocks.length) return format.texts.empty;
    const [current, ...later] = blocks;
    const parts = [
      current.start <= now
        ? format.texts.until(say(current), format.time(current.end))
        : format.texts.from(say(current), format.time(current.start)),
    ];
    const next = later.find((block) => block.kind !== "idle");
    if (next) {
      const what = format.texts.from(say(next), format.time(next.start));
      parts.push(what.charAt(0).toLowerCase() + what.slice(1));
    }
    return `${parts.join(format.texts.then)}.`;
  }

  #head() {
    const { entity, title, soc_entity: socEntity } = this.#config;
    const { format } = this.#plan;
    const name = title ?? this.#hass.states[entity]?.attributes.friendly_name ?? entity;
    const button = element("button", { class: "title", type: "button" }, name);
    button.addEventListener("click", () => this.#showMore(entity));
    const head = element("div", { class: "head" }, button);
    const soc = socEntity ? this.#hass.states[socEntity] : undefined;
    const level = Number(soc?.state);
    if (soc && Number.isFinite(level)) {
      const unit = soc.attributes.unit_of_measurement ?? "";
      const value = element("b", {}, `${format.number(level, 0)} ${unit}`);
      head.append(element("span", { class: "soc" }, `${format.texts.soc} `, value));
    }
    return head;
  }

  #showMore(entityId) {
    this.dispatchEvent(new CustomEvent("hass-more-info", { bubbles: true, composed: true, detail: { entityId } }));
  }

  #legend() {
    const { format, unit, rows, watts, words, prices, priceUnit, priceNotice, expected } = this.#plan;
    const kinds = new Set(rows.map((row) => kindOf(watts(row.value))));
    const sign = (shape) => element("svg", { viewBox: "0 0 14 12", "aria-hidden": "true" }, shape);
    const entry = (shape, text) => element("span", {}, sign(shape), text);
    const legend = element("div", { class: "legend" });
    const shapes = { charge: "M7 0 14 12H0Z", discharge: "M0 0H14L7 12Z" };
    for (const [kind, d] of Object.entries(shapes)) {
      if (kinds.has(kind)) legend.append(entry(element("path", { class: kind, d }), `${words[kind]} (${unit})`));
    }
    if (prices.length) {
      const line = element("path", { class: "price", d: "M0 9H7V3H14" });
      legend.append(entry(line, `${format.texts.price} (${priceUnit})`));
    }
    if (expected.length) {
      const line = element("path", { class: "expected", d: "M0 10 14 2" });
      legend.append(entry(line, `${format.texts.expected} (0 – 100 %)`));
    }
    if (priceNotice) legend.append(element("span", {}, priceNotice));
    return legend;
  }

  #plot() {
    const frame = element("div", { class: "plot" });
    if (!this.#width) return frame;
    const scale = this.#scale();
    const label = `${this.#plan.format.texts.chart}. ${this.#plan.summary} ${this.#plan.format.texts.keys}`;
    const svg = element("svg", { role: "img", tabindex: "0", "aria-label": label, viewBox: `0 0 ${scale.width} ${PLOT_HEIGHT}` });
    svg.append(...this.#grid(scale), ...this.#hours(scale), ...this.#bars(scale), ...this.#priceLine(scale), ...this.#expectedLine(scale), ...this.#now(scale));
    svg.append(element("rect", { class: "cursor", y: MARGIN.top, height: scale.bottom - MARGIN.top, width: 0 }));
    this.#listen(svg, scale);
    frame.append(svg, element("div", { class: "tooltip", role: "status", hidden: "" }));
    return frame;
  }

  #scale() {
    const { rows, prices, start, end } = this.#plan;
    // Padding and border of the card.
    const width = Math.max(this.#width - 34, 200);
    const left = MARGIN.left;
    const right = width - MARGIN.right - (prices.length ? PRICE_AXIS_WIDTH : 0);
    const bottom = PLOT_HEIGHT - MARGIN.bottom;
    const powerAxis = axisOf(rows.map((row) => row.value), 5);
    const priceAxis = axisOf(prices.map((row) => row.value), 4);
    const vertical = (axis) => (value) => bottom - ((value - axis.low) / (axis.high - axis.low)) * (bottom - MARGIN.top);
    return {
      width,
      left,
      right,
      bottom,
      powerAxis,
      priceAxis,
      x: (time) => left + ((Math.min(Math.max(time, start), end) - start) / (end - start)) * (right - left),
      time: (x) => start + ((x - left) / (right - left)) * (end - start),
      power: vertical(powerAxis),
      price: vertical(priceAxis),
    };
  }

  #grid({ left, right, power, powerAxis, price, priceAxis }) {
    const { format, prices } = this.#plan;
    const digits = (axis) => Math.max(0, Math.ceil(-Math.log10(axis.step) - 1e-9) + (axis.step.toString().includes("25") ? 1 : 0));
    const shapes = powerAxis.ticks.flatMap((tick) => [
      element("line", { class: Math.abs(tick) < 1e-9 ? "zero" : "grid", x1: left, x2: right, y1: power(tick), y2: power(tick) }),
      element("text", { x: left - 8, y: power(tick) + 4, "text-anchor": "end" }, format.number(tick || 0, digits(powerAxis))),
    ]);
    if (!prices.length) return shapes;
    const labels = priceAxis.ticks.map((tick) =>
      element("text", { class: "price-text", x: right + 8, y: price(tick) + 4 }, format.number(tick || 0, digits(priceAxis))),
    );
    return [...shapes, ...labels];
  }

  /** Mark whole hours of the user's clock, as many as fit; midnight gets the name of its day. */
  #hours({ x, left, right, bottom }) {
    const { start, end, format } = this.#plan;
    const widest = 6.5 * CHARACTER_WIDTH;
    const room = ((right - left) / (end - start)) * HOUR;
    const step = [1, 2, 3, 4, 6, 12, 24].find((hours) => hours * room >= widest) ?? 24;
    const shapes = [];
    // Quarters of an hour, because not every time zone is whole hours away from UTC.
    for (let time = Math.ceil(start / QUARTER) * QUARTER; time <= end; time += QUARTER) {
      const hour = format.clock(time);
      if (hour % step !== 0) continue;
      shapes.push(element("line", { class: "grid", x1: x(time), x2: x(time), y1: bottom, y2: bottom + 4 }));
      const label = hour === 0 ? format.day(time) : format.hour(time);
      const text = element("text", { x: x(time), y: bottom + 18, "text-anchor": "middle" }, label);
      if (hour === 0) text.setAttribute("class", "now-text");
      shapes.push(text);
    }
    return shapes;
  }

  #bars({ x, power }) {
    const { rows, watts } = this.#plan;
    return rows
      .filter((row) => kindOf(watts(row.value)) !== "idle")
      .map((row) => {
        const [top, bottom] = [power(Math.max(row.value, 0)), power(Math.min(row.value, 0))];
        const width = x(row.end) - x(row.start);
        return element("rect", { class: kindOf(watts(row.value)), x: x(row.start), y: top, width, height: bottom - top });
      });
  }

  #priceLine({ x, price }) {
    const { prices } = this.#plan;
    let path = "";
    prices.forEach((row, index) => {
      const joined = index > 0 && prices[index - 1].end === row.start;
      path += `${joined ? "V" : `M${x(row.start)} `}${price(row.value)}H${x(row.end)}`;
    });
    return path ? [element("path", { class: "price halo", d: path }), element("path", { class: "price", d: path })] : [];
  }

  /** Draw the state of charge over the whole height: the bottom is empty and the top full. */
  #expectedLine({ x, bottom }) {
    const height = bottom - MARGIN.top;
    const points = this.#plan.expected.map((point) => `${x(point.time)} ${bottom - (point.value / 100) * height}`);
    return points.length > 1 ? [element("path", { class: "expected", d: `M${points.join("L")}` })] : [];
  }

  #now({ x, bottom }) {
    const { start, end, format } = this.#plan;
    const now = Date.now();
    if (now < start || now > end) return [];
    const at = x(now);
    return [
      element("line", { class: "now", x1: at, x2: at, y1: MARGIN.top - 4, y2: bottom }),
      element("text", { class: "now-text", x: at, y: MARGIN.top - 8, "text-anchor": at < 60 ? "start" : "middle" }, format.texts.now),
    ];
  }

  #listen(svg, scale) {
    const { rows } = this.#plan;
    const point = (event) => {
      const time = scale.time(event.clientX - svg.getBoundingClientRect().left);
      this.#select(rows.find((row) => row.start <= time && time < row.end)?.start ?? null);
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.#select(null));
    svg.addEventListener("blur", () => this.#select(null));
    svg.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") this.#select(null);
      if (!move) return;
      event.preventDefault();
      const current = rows.findIndex((row) => row.start === this.#selected);
      const next = current < 0 ? 0 : Math.min(Math.max(current + move, 0), rows.length - 1);
      this.#select(rows[next].start);
    });
  }

  /** Show what holds in the step that starts then; null shows nothing. */
  #select(start) {
    this.#selected = start;
    const tooltip = this.shadowRoot.querySelector(".tooltip");
    if (!tooltip) return;
    const row = this.#plan.rows.find((each) => each.start === start);
    const cursor = this.shadowRoot.querySelector(".cursor");
    tooltip.hidden = !row;
    cursor.setAttribute("width", "0");
    if (!row) return;
    const scale = this.#scale();
    const [from, to] = [scale.x(row.start), scale.x(row.end)];
    cursor.setAttribute("x", from);
    cursor.setAttribute("width", to - from);
    tooltip.replaceChildren(...this.#describe(row));
    const width = tooltip.offsetWidth;
    const beside = to + 8 + width <= scale.width ? to + 8 : Math.max(from - 8 - width, 0);
    tooltip.style.left = `${beside}px`;
  }

  #describe(row) {
    const { format, unit, watts, words, prices, priceUnit, expected } = this.#plan;
    const { texts } = format;
    const kind = kindOf(watts(row.value));
    const power = `${format.number(Math.abs(row.value), 2)} ${unit}`;
    const lines = [
      element("b", {}, `${format.day(row.start)} ${format.time(row.start)} – ${format.time(row.end)}`),
      element("div", {}, kind === "idle" ? words.idle : `${words[kind]} ${power}`),
    ];
    const price = prices.find((each) => each.start <= row.start && row.start < each.end);
    if (price) lines.push(element("div", {}, `${texts.price} ${format.number(price.value, 3)} ${priceUnit}`));
    const point = expected.find((each) => each.time === row.end);
    if (point) lines.push(element("div", {}, `${texts.expected} ${format.number(point.value, 0)} %`));
    return lines;
  }
}

// While it boots, the frontend replaces the registry of elements; what was defined before is lost.
customElements.whenDefined("home-assistant").then(() => {
  if (!customElements.get(TYPE)) customElements.define(TYPE, FlexMeasuresPlanCard);
});

window.customCards = window.customCards ?? [];
window.customCards.push({
  type: TYPE,
  name: "FlexMeasures plan",
  description: "What a flexible device is going to do, beside the prices.",
  preview: true,
});
