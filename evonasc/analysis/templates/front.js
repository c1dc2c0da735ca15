"use strict";
/* What designs cost on a link of any rate, and which of them are on the front there.

The sums are made in the order of evonasc/analysis/rate_sweep.py, so that page and package agree to
the last bit. Times in ms, rates in Mbit/s. */
const evonascFront = (() => {
  /** Time to send a payload at 1 Mbit/s without the delay; cost/link.py. */
  function unitMs(link, payloadBytes) {
    if (!(payloadBytes > 0)) return 0;
    const packets = Math.ceil(payloadBytes / link.packet_room_bytes);
    const onWire = payloadBytes + packets * link.packet_header_bytes;
    const tries = link.retransmit ? 1 / (1 - link.packet_loss) : 1;
    return ((onWire * 8) / 1e3) * tries;
  }

  /** All quantities of a run's designs at a rate, arrays by name; what a rate cannot give is left
      out. */
  function priced(run, mbps) {
    const { link, energy, values } = run;
    const { latency_p95_ms, miss_probability, ...kept } = values;
    const units = values.payload_bytes.map((bytes) => unitMs(link, bytes));
    const delays = values.payload_bytes.map((bytes) => (bytes > 0 ? link.one_way_delay_ms : 0));
    const steady = delays.map((delay, i) => values.head_ms[i] + values.tail_ms[i] + delay);
    const result = {
      ...kept,
      uplink_ms: units.map((unit, i) => unit / mbps + delays[i]),
      latency_ms: units.map((unit, i) => steady[i] + unit / mbps),
    };
    if (energy) {
      const radio = energy.radio_mw_per_mbps * mbps + energy.radio_mw;
      result.energy_mj = result.uplink_ms.map((uplink, i) => {
        const sending = Math.max(uplink - link.one_way_delay_ms, 0);
        const waiting = result.latency_ms[i] - values.head_ms[i];
        const computing = values.head_mj
          ? values.head_mj[i]
          : (energy.head_mw * values.head_ms[i]) / 1000;
        return computing + (radio * sending + energy.idle_mw * waiting) / 1000;
      });
    }
    return result;
  }

  /** Places of the non-dominated among some designs, by rising first objective, one a point. */
  function nonDominated(places, columns) {
    const compared = (a, b) => {
      for (const column of columns) if (column[a] !== column[b]) return column[a] - column[b];
      return a - b; // of equal points, the one evaluated first
    };
    const front = [];
    // In this order whatever dominates a design, or equals it, stands before it.
    for (const place of [...places].sort(compared)) {
      const covers = (other) => columns.every((column) => column[other] <= column[place]);
      if (!front.some(covers)) front.push(place);
    }
    return front;
  }

  /** The front of a run at a rate; rate null: as the run left it. */
  function at(run, mbps) {
    if (mbps === null) return { rows: run.front, values: run.values };
    const values = priced(run, mbps);
    const columns = run.rate_objectives.map((name) =>
      name === "error" ? run.searched_error : values[name],
    );
    const isWithin = (place) =>
      run.bounds.every(({ column, at_most }) => values[column][place] <= at_most);
    return { rows: nonDominated(run.contenders.filter(isWithin), columns), values };
  }

  return { at };
})();
