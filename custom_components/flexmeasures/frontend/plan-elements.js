/** What the plan card is made of, and how that looks. */

export const PLOT_HEIGHT = 260;

export const STYLE = `
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

/** Return an element of a page or of a drawing. */
export function element(name, attributes = {}, ...children) {
  const isShape = /^(svg|g|rect|line|path|text|title)$/.test(name);
  const made = isShape ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
