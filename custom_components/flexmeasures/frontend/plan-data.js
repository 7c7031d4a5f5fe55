/** What the plan card draws: rows, prices and blocks of a plan, and the axes that hold them. */

// Below this, a power is rounding of the optimisation and nothing that a device would do.
const IDLE_WATTS = 5;

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
