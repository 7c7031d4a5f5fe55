/** What the plan card makes of the states of its entities. */

import { blocksOf, readPoints, readPrices, readRows } from "./plan-data.js";
import { Format, wordsOf } from "./plan-words.js";

// What is drawn at most, in milliseconds.
const LONGEST = 48 * 3_600_000;

/** Turn states into what is drawn, or into a sentence that says why there is nothing to draw. */
export function readPlan(config, hass) {
  const format = new Format(hass);
  const texts = format.texts;
  const { entity, price_entity: priceEntity, soc_entity: socEntity, expected_entity: expectedEntity } = config;
  const state = hass.states[entity];
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
  const priceState = priceEntity ? hass.states[priceEntity] : undefined;
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
    expected: readPoints(hass.states[expectedEntity]?.attributes.forecast).filter(
      (point) => point.time >= start && point.time <= end,
    ),
    priceUnit: priceState?.attributes.unit_of_measurement ?? "",
    priceNotice: priceEntity && !priceState ? texts.missing(priceEntity) : null,
  };
  plan.summary = summaryOf(plan);
  return plan;
}

/** Say in one sentence what happens now and next, with the largest power of each. */
function summaryOf({ rows, watts, format, unit, words }) {
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
