/** What the plan card says, and how it writes numbers and times. */

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

/** Return what the kinds are called: only what has a state of charge charges. */
export function wordsOf(texts, stores) {
  if (stores) return texts;
  return { ...texts, charge: texts.consume, discharge: texts.produce };
}

/** Writes numbers and times the way the user reads them. */
export class Format {
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
