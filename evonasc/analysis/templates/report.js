"use strict";
/* The figures and the table of the page. Texts of users enter the document as text only; plotly
reads some tags in labels, so they are escaped there. */
const evonascReport = () => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { runs, objectives, words } = data;
  const element = (id) => document.getElementById(id);
  const isAlone = runs.length === 1;
  const hasCuts = data.has_cuts;
  const canMove = runs.every((run) => run.link !== null);
  // Told apart by shape first; the colours are those of Okabe and Ito, dark enough for white.
  const SHAPES = ["circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "star",
    "pentagon", "hexagram", "x"];
  const COLOURS = ["#0072b2", "#d55e00", "#00795b", "#a3487f", "#8a6d00", "#2b2b2b", "#3f8fc4"];
  const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
  const FILLS = [["#e3e3e3", ""], ["#e69f00", "/"], ["#56b4e9", "."], ["#b5d99c", "x"],
    ["#c8a2c8", "-"], ["#009e73", "\\"], ["#d55e00", "+"], ["#f0e442", "|"]];
  const FONT = { family: 'system-ui, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif',
    size: 13, color: "#1a1a1a" };
  const GREY = "#767676";
  const state = { rate: null, x: null, y: null, selected: new Set(), places: new Map() };

  const escaped = (text) =>
    String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const key = (run, row) => `${run}:${row}`;
  const heading = (name) => (words[name] ? words[name][0] : name);
  const axisLabel = (name) => escaped(words[name] ? words[name][1] : name);
  function number(name, value) {
    if (!words[name]) return String(Number(value.toPrecision(5)));
    const digits = words[name][2];
    return digits === null ? Math.round(value).toString() : value.toFixed(digits);
  }
  const rateText = (mbps) => String(Number(mbps.toPrecision(4)));
  const axis = (title, more = {}) => ({ title: { text: title, standoff: 8 }, automargin: true,
    gridcolor: "#e3e3e3", linecolor: "#1a1a1a", ticks: "outside", zeroline: false, ...more });
  const layout = (more) => ({ font: FONT, paper_bgcolor: "#fff", plot_bgcolor: "#fff",
    margin: { l: 60, r: 12, t: 12, b: 50 }, hovermode: "closest", ...more });
  const CONFIG = { responsive: true, displaylogo: false };

  function hoverText(index, row, values) {
    const run = runs[index];
    const lines = [`design ${run.designs.id[row]}: ${escaped(run.designs.network[row])}`];
    if (hasCuts) lines.push(`cut after ${escaped(run.designs.cut_after[row])}${
      run.designs.bits[row] === "-" ? "" : `, ${run.designs.bits[row]} bits`}`);
    if (!isAlone) lines.unshift(escaped(run.label));
    if (values.error) lines.push(`error ${number("error", values.error[row])}`);
    if (values.uplink_ms) {
      const parts = ["head", "uplink", "tail"].map(
        (part) => `${part} ${values[`${part}_ms`][row].toFixed(2)}`);
      lines.push(`${parts.join(" + ")} = ${values.latency_ms[row].toFixed(2)} ms`);
    }
    for (const name of Object.keys(values))
      if (!["error", "head_ms", "uplink_ms", "tail_ms"].includes(name))
        if (!(name === "latency_ms" && values.uplink_ms))
          lines.push(`${escaped(heading(name))} ${number(name, values[name][row])}`);
    return lines.join("<br>");
  }

  function fronts() {
    return runs.map((run) => evonascFront.at(run, state.rate));
  }

  /** Series of the figure: the cuts of one run, or several runs. */
  function series(shown) {
    if (!isAlone)
      return runs.map((run, index) => ({ name: `${run.label} (${shown[index].rows.length})`, index,
        rows: shown[index].rows, place: index }));
    if (!hasCuts)
      return [{ name: `front (${shown[0].rows.length})`, index: 0, rows: shown[0].rows, place: 0 }];
    const cuts = [...new Set(runs[0].designs.cut)].sort((a, b) => a - b);
    return cuts.map((cut, place) => {
      const rows = shown[0].rows.filter((row) => runs[0].designs.cut[row] === cut);
      const words = rows.length ? runs[0].designs.cut_after[rows[0]] : "";
      return { name: `cut after ${words} (${rows.length})`, index: 0, rows, place };
    }).filter((one) => one.rows.length);
  }

  function drawFront(shown) {
    const traces = [];
    const { x, y } = state;
    const column = (index, name, rows) => rows.map((row) => shown[index].values[name][row]);
    const isPlane = objectives.length === 2 && objectives.includes(x) && objectives.includes(y)
      && x !== y;
    runs.forEach((run, index) => {
      if (state.rate === null && isAlone && run.curve.truth.length) {
        const places = [objectives.indexOf(x), objectives.indexOf(y)];
        if (!places.includes(-1)) {
          const points = run.curve.truth.map((point) => places.map((place) => point[place]));
          points.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
          traces.push({ x: points.map((p) => p[0]), y: points.map((p) => p[1]),
            name: `exact front (${points.length})`, mode: isPlane ? "lines+markers" : "markers",
            line: { color: GREY, width: 1, shape: "hv" }, hoverinfo: "skip",
            marker: { symbol: "circle-open", size: 15, color: GREY } });
        }
      }
      if (state.rate !== null && index === 0 && isAlone && run.rate_mbps !== null)
        traces.push({ x: column(index, x, run.front), y: column(index, y, run.front), mode: "markers",
          name: `the run's own front, at this rate (${run.front.length})`,
          marker: { symbol: "x-thin-open", size: 9, color: GREY, line: { width: 1.5 } },
          hoverinfo: "skip" });
      if (isPlane && !(state.rate === null && isAlone && run.curve.truth.length)) {
        const order = [...shown[index].rows].sort(
          (a, b) => shown[index].values[x][a] - shown[index].values[x][b]);
        traces.push({ x: column(index, x, order), y: column(index, y, order), mode: "lines",
          line: { color: isAlone ? GREY : COLOURS[index % COLOURS.length], width: 1, shape: "hv",
            dash: isAlone ? "solid" : DASHES[index % DASHES.length] },
          showlegend: false, hoverinfo: "skip" });
      }
    });
    state.places.clear();
    for (const one of series(shown)) {
      const turn = Math.floor(one.place / SHAPES.length) % 2 ? "-open" : "";
      one.rows.forEach((row, point) =>
        state.places.set(key(one.index, row), { curveNumber: traces.length, pointNumber: point }));
      traces.push({ x: column(one.index, x, one.rows), y: column(one.index, y, one.rows),
        mode: "markers", name: escaped(one.name),
        customdata: one.rows.map((row) => [one.index, row]),
        text: one.rows.map((row) => hoverText(one.index, row, shown[one.index].values)),
        hovertemplate: "%{text}<extra></extra>", selectedpoints: null,
        marker: { symbol: SHAPES[one.place % SHAPES.length] + turn, size: 9, opacity: 1,
          color: COLOURS[one.place % COLOURS.length], line: { width: turn ? 1.5 : 0.6,
            color: turn ? COLOURS[one.place % COLOURS.length] : "#1a1a1a" } },
        unselected: { marker: { opacity: 1 } } });
    }
    const chosen = shown.flatMap((front, index) => front.rows
      .filter((row) => state.selected.has(key(index, row)))
      .map((row) => [front.values[x][row], front.values[y][row]]));
    traces.push({ x: chosen.map((p) => p[0]), y: chosen.map((p) => p[1]), mode: "markers",
      name: "selected", showlegend: chosen.length > 0, hoverinfo: "skip",
      marker: { symbol: "square-open", size: 19, color: "#000", line: { width: 2.5 } } });
    return Plotly.react("front-figure", traces, layout({
      xaxis: axis(axisLabel(x)), yaxis: axis(axisLabel(y)), uirevision: `${x},${y}`, selections: [],
      margin: { l: 60, r: 12, t: 30, b: 50 }, hoverlabel: { align: "left", bgcolor: "#fff",
        bordercolor: "#1a1a1a", font: { ...FONT, size: 12 } },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 12 } } }),
      { ...CONFIG, modeBarButtonsToAdd: ["select2d", "lasso2d"] });
  }

  function tableColumns(shown) {
    const has = (name) => shown.every((front) => name in front.values);
    const parts = ["latency_ms", "head_ms", "uplink_ms", "tail_ms"].filter(has);
    const first = objectives.filter((name) => has(name) && !parts.includes(name));
    return [...new Set([...first, ...(has("error") ? ["error"] : []), ...parts])];
  }

  function cell(tag, text, className) {
    const made = document.createElement(tag);
    made.textContent = text;
    if (className) made.className = className;
    if (tag === "th") made.scope = "col";
    return made;
  }

  function drawTable(shown) {
    const names = tableColumns(shown);
    const hasBits = runs.some((run) => new Set(run.designs.bits.filter((b) => b !== "-")).size > 1);
    const table = document.createElement("table");
    table.setAttribute("role", "grid");
    table.setAttribute("aria-multiselectable", "true");
    table.setAttribute("aria-label", "designs on the front");
    const head = table.createTHead().insertRow();
    for (const text of ["", ...(isAlone ? [] : ["run"]), "id", data.network_word,
      ...(hasCuts ? ["cut after"] : []), ...(hasBits ? ["bits"] : [])]) head.append(cell("th", text));
    for (const name of names) head.append(cell("th", heading(name), "number"));
    const body = table.createTBody();
    shown.forEach((front, index) => {
      const { designs, label } = runs[index];
      for (const row of front.rows) {
        const line = body.insertRow();
        const isChosen = state.selected.has(key(index, row));
        line.dataset.key = key(index, row);
        line.tabIndex = -1;
        line.setAttribute("aria-selected", String(isChosen));
        line.append(cell("td", isChosen ? "\u25a0" : "\u25a1"));
        if (!isAlone) line.append(cell("td", label, "text"));
        line.append(cell("td", designs.id[row]), cell("td", designs.network[row]));
        line.cells[line.cells.length - 1].title = designs.network_in_full[row];
        if (hasCuts) line.append(cell("td", designs.cut_after[row]));
        if (hasBits) line.append(cell("td", designs.bits[row]));
        for (const name of names)
          line.append(cell("td", number(name, front.values[name][row]), "number"));
      }
    });
    if (body.rows.length) body.rows[0].tabIndex = 0;
    element("table-box").replaceChildren(table);
  }

  function showStatus(shown) {
    const sentences = shown.map((front, index) => {
      const run = runs[index];
      const cuts = [...new Set(front.rows.map((row) => run.designs.cut[row]))].sort((a, b) => a - b);
      const where = state.rate !== null ? `${rateText(state.rate)} Mbit/s`
        : run.rate_mbps === null ? `the run's own link` : `the run's own ${rateText(run.rate_mbps)} Mbit/s`;
      const at = run.link === null ? "" : ` at ${where}`;
      const name = isAlone ? "" : `${run.label}: `;
      return `${name}${front.rows.length} designs on the front${at}${
        hasCuts ? `; cuts ${cuts.join(", ")}` : ""}.`;
    });
    const moved = runs[0].rate_objectives;
    if (!canMove) sentences.push("The rate of the uplink plays no part in this problem.");
    else if (state.rate !== null && moved.join() !== objectives.join())
      sentences.push(`At a chosen rate the objectives are ${moved.join(", ")}.`);
    if (state.selected.size) sentences.push(`${state.selected.size} selected.`);
    element("status").textContent = sentences.join(" ");
  }

  function draw() {
    const shown = fronts();
    drawTable(shown);
    showStatus(shown);
    return drawFront(shown);
  }

  let isWaiting = false;
  function drawSoon() {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => { isWaiting = false; draw(); });
  }

  // The rate: even steps of the slider are even ratios.
  const [low, high] = data.rates.map(Math.log10);
  const slider = element("rate");
  const exact = element("rate-exact");
  const toStep = (mbps) => Math.round(((Math.log10(mbps) - low) / (high - low)) * Number(slider.max));
  const toRate = (step) => 10 ** (low + ((high - low) * step) / Number(slider.max));
  function setRate(mbps) {
    state.rate = mbps;
    leaveTraceAxes();
    const shown = mbps ?? runs[0].rate_mbps;
    if (shown !== null) {
      slider.value = String(toStep(shown));
      slider.setAttribute("aria-valuetext", `${rateText(shown)} Mbit/s`);
      exact.value = String(Number(shown.toPrecision(6)));
    } else exact.value = "";
    drawSoon();
  }
  slider.addEventListener("input", () => setRate(Number(toRate(Number(slider.value)).toPrecision(4))));
  exact.addEventListener("change", () => {
    const mbps = Number(exact.value);
    setRate(mbps >= 1e-6 && mbps <= 1e8 ? mbps : state.rate);
  });
  element("own-rate").addEventListener("click", () => setRate(null));
  if (!canMove)
    for (const part of [slider.parentElement, exact.parentElement, element("own-rate")])
      part.hidden = true;
  if (!isAlone) element("own-rate").textContent = "each run at its own rate";

  // The axes.
  const known = Object.keys(runs[0].values).filter((name) => runs.every((r) => name in r.values));
  const onAnyRate = known.filter((name) => !["latency_p95_ms", "miss_probability"].includes(name));
  for (const [id, place] of [["x-axis", 0], ["y-axis", 1]]) {
    const fallback = known.find((name) => name !== objectives[0]) ?? known[0];
    const chosen = objectives[place] ?? fallback;
    state[id[0]] = chosen;
    for (const name of known) {
      const option = cell("option", words[name] ? words[name][1] : name);
      option.value = name;
      option.selected = name === chosen;
      element(id).append(option);
    }
    element(id).addEventListener("change", (event) => {
      state[id[0]] = event.target.value;
      leaveTraceAxes();
      draw();
    });
  }
  function leaveTraceAxes() { // no link of one rate has them
    if (state.rate === null) return;
    for (const name of ["x", "y"])
      if (!onAnyRate.includes(state[name])) {
        state[name] = name === "x" ? "error" : "latency_ms";
        element(`${name}-axis`).value = state[name];
      }
  }

  // Selecting, by figure and by table.
  function toggle(name) {
    if (!state.selected.delete(name)) state.selected.add(name);
  }
  function focusRow(name) {
    const row = element("table-box").querySelector(`tr[data-key="${name}"]`);
    if (!row) return null;
    for (const other of element("table-box").querySelectorAll('tr[tabindex="0"]')) other.tabIndex = -1;
    row.tabIndex = 0;
    return row;
  }
  function rowOf(event) {
    return event.target.closest("tr[data-key]");
  }
  element("table-box").addEventListener("click", (event) => {
    const row = rowOf(event);
    if (!row) return;
    toggle(row.dataset.key);
    draw();
    focusRow(row.dataset.key).focus({ preventScroll: true });
  });
  element("table-box").addEventListener("keydown", (event) => {
    const row = rowOf(event);
    if (!row) return;
    const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling,
      Home: row.parentElement.firstElementChild, End: row.parentElement.lastElementChild }[event.key];
    if (next) focusRow(next.dataset.key).focus();
    else if (event.key === "Enter" || event.key === " ") {
      toggle(row.dataset.key);
      draw();
      focusRow(row.dataset.key).focus({ preventScroll: true });
    } else if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
  });
  const pointAt = (event) => {
    const row = rowOf(event);
    const place = row && state.places.get(row.dataset.key);
    if (place) Plotly.Fx.hover("front-figure", [place]);
  };
  element("table-box").addEventListener("focusin", pointAt);
  element("table-box").addEventListener("mouseover", pointAt);
  element("clear").addEventListener("click", () => { state.selected.clear(); draw(); });

  function scrollTo(name) {
    const row = focusRow(name);
    if (!row) return;
    const box = element("table-box");
    box.scrollTop = row.offsetTop - box.clientHeight / 2;
  }

  function drawCurve() {
    const known = runs.filter((run) => run.curve.counts.length);
    element("curve-figure").hidden = !known.length;
    if (!known.length) return;
    const traces = known.map((run) => {
      const index = runs.indexOf(run);
      const colour = COLOURS[index % COLOURS.length];
      return { x: run.curve.counts, y: run.curve.shares, name: escaped(run.label),
        mode: "lines+markers", line: { color: colour, dash: DASHES[index % DASHES.length] },
        marker: { symbol: SHAPES[index % SHAPES.length], size: 6, color: colour },
        hovertemplate: "%{x} designs: %{y:.2%}<extra></extra>" };
    });
    Plotly.newPlot("curve-figure", traces, layout({ showlegend: !isAlone,
      xaxis: axis("distinct designs evaluated", { rangemode: "tozero" }),
      yaxis: axis("share of hypervolume", { tickformat: ".0%" }),
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
      margin: { l: 70, r: 12, t: 30, b: 50 } }), CONFIG);
  }

  function drawGenes(index) {
    const { genes, choices } = data;
    element("genes-figure").closest("section").hidden = !genes.length;
    if (!genes.length) return;
    // A word has one colour, whichever genes it is a choice of and whatever its number there.
    const most = Math.max(...choices.map((words) => words.length));
    const shown = [...new Set(Array.from({ length: most }, (_, value) => value)
      .flatMap((value) => choices.flatMap((words) => words.slice(value, value + 1))))];
    const count = (counts, gene, word) => counts.reduce(
      (sum, n, value) => sum + (choices[gene][value] === word ? n : 0), 0);
    const { groups } = runs[index];
    const first = objectives[0];
    const n = groups.length;
    const gap = 0.04;
    const width = (1 - gap * (n - 1)) / n;
    const more = {};
    const titles = groups.map((group, place) => {
      const suffix = place ? String(place + 1) : "";
      const left = place * (width + gap);
      more[`xaxis${suffix}`] = axis("", { domain: [left, left + width], range: [0, 1],
        tickvals: [0, 0.5, 1], ticktext: ["0", "50%", "100%"], anchor: `y${suffix}` });
      more[`yaxis${suffix}`] = axis("", { autorange: "reversed", anchor: `x${suffix}`,
        showticklabels: !place, ticks: "", type: "category", matches: place ? "y" : undefined });
      const range = `${number(first, group.low)} to ${number(first, group.high)}`;
      const cuts = group.cuts.length > 4
        ? `${group.cuts[0]} … ${group.cuts[group.cuts.length - 1]}` : group.cuts.join(", ");
      return { text: `${escaped(heading(first))} ${range}<br>${group.n} designs${
        hasCuts ? `; cuts ${cuts}` : ""}`,
        x: left, y: 1, xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom",
        showarrow: false, align: "left", font: { ...FONT, size: 12 } };
    });
    const traces = groups.flatMap((group, place) => shown.map((word, value) => ({
      type: "bar", orientation: "h", y: genes, name: escaped(word), legendgroup: word,
      showlegend: place === 0, xaxis: `x${place ? place + 1 : ""}`, yaxis: `y${place ? place + 1 : ""}`,
      x: group.counts.map((counts, gene) => count(counts, gene, word) / group.n),
      marker: { color: FILLS[value % FILLS.length][0], line: { color: "#1a1a1a", width: 0.6 },
        pattern: { shape: FILLS[value % FILLS.length][1], fillmode: "overlay", fgcolor: "#1a1a1a",
          fgopacity: 0.6, size: 6, solidity: 0.2 } },
      hovertemplate: `${escaped(word)} on %{y}: %{x:.0%}<extra></extra>` })));
    const height = 130 + 28 * genes.length;
    element("genes-figure").style.height = `${height}px`;
    Plotly.react("genes-figure", traces, layout({ ...more, barmode: "stack", bargap: 0.25, height,
      annotations: titles, margin: { l: 70, r: 12, t: 48, b: 70 },
      legend: { orientation: "h", y: -60 / (height - 118), yanchor: "middle", x: 0,
        traceorder: "normal" } }), CONFIG);
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const text of ["gene", "choice"]) head.append(cell("th", text));
    for (const group of groups)
      head.append(cell("th", `${heading(first)} ${number(first, group.low)} to ${number(first, group.high)}`,
        "number"));
    const body = table.createTBody();
    genes.forEach((gene, place) => choices[place].forEach((word, value) => {
      const counts = groups.map((group) => group.counts[place][value]);
      if (!counts.some(Boolean)) return;
      const line = body.insertRow();
      line.append(cell("td", gene), cell("td", word));
      counts.forEach((count, g) => line.append(cell("td", `${count} of ${groups[g].n}`, "number")));
    }));
    element("genes-table").replaceChildren(table);
  }
  runs.forEach((run, index) => {
    const option = cell("option", run.label);
    option.value = String(index);
    element("genes-run").append(option);
  });
  element("genes-controls").hidden = isAlone;
  element("genes-run").addEventListener("change", (event) => drawGenes(Number(event.target.value)));

  if (canMove) setRate(null);
  draw().then((figure) => {
    figure.on("plotly_click", (event) => {
      const picked = event.points.find((point) => point.customdata);
      if (!picked) return;
      const name = key(...picked.customdata);
      toggle(name);
      draw();
      scrollTo(name);
    });
    figure.on("plotly_selected", (event) => {
      const picked = (event?.points ?? []).filter((point) => point.customdata);
      if (!picked.length) return;
      state.selected = new Set(picked.map((point) => key(...point.customdata)));
      draw();
      scrollTo(key(...picked[0].customdata));
    });
    document.body.dataset.ready = "yes";
  });
  drawCurve();
  drawGenes(0);
};
