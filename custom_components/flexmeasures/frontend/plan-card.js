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

import { axisOf, kindOf } from "./plan-data.js";
import { PLOT_HEIGHT, STYLE, element } from "./plan-elements.js";
import { readPlan } from "./plan-states.js";

const TYPE = "flexmeasures-plan-card";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const QUARTER = HOUR / 4;
const MARGIN = { top: 24, right: 20, bottom: 26, left: 42 };
const PRICE_AXIS_WIDTH = 34;
const CHARACTER_WIDTH = 7;

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
    this.#plan = readPlan(this.#config, this.#hass);
    const card = element("div", { class: "card" }, this.#head());
    if (this.#plan.problem) card.append(element("p", { class: "problem", role: "alert" }, this.#plan.problem));
    if (this.#plan.notice) card.append(element("p", { class: "notice" }, this.#plan.notice));
    else card.append(element("p", { class: "summary" }, this.#plan.summary), this.#legend(), this.#plot());
    this.shadowRoot.replaceChildren(element("style", {}, STYLE), card);
    this.#select(this.#selected);
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
